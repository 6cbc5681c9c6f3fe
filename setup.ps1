<#
.SYNOPSIS
Installs Dante as an application of IIS, brings an installed one up to date, or removes it.

.DESCRIPTION
Checks first what is there, and says everything that is missing before it changes anything. Then it makes a site
folder that holds dante.exe, its web.config (written by "dante hosting") and a folder for logs, and in IIS an application
with an application pool of its own. Each step first looks whether it is already so: a second run changes nothing, and a
run with a newer dante.exe exchanges just that, while the old one goes on serving its readers until IIS ends it.

Exit codes: 0 done, 1 a step failed, 2 a check failed and nothing was changed.

.PARAMETER Module
The module of IIS that starts dante.exe: iisnode, HttpPlatformHandler or AspNetCore.

.PARAMETER Name
Name of the IIS application and of its pool. "dante" is served as http://server/dante/.

.PARAMETER Site
The site of IIS that gets the application.

.PARAMETER Path
The site folder, which must hold nothing else. It is made if it does not exist.

.PARAMETER Exe
A dante.exe to install. Without it, one is built with cargo from the folder of this script.

.PARAMETER Remove
Removes the application, the pool and the files that this script made, and nothing else. Sections of the configuration
that were unlocked for the application stay so in applicationHost.config, where they open nothing without it.

.EXAMPLE
.\setup.ps1
Builds dante.exe and serves it through iisnode as http://localhost/dante/.

.EXAMPLE
.\setup.ps1 -Module HttpPlatformHandler -Exe C:\Downloads\dante.exe -WhatIf
Says what would be done, and changes nothing.

.EXAMPLE
.\setup.ps1 -Name commedia -Site 'My Site' -Path D:\sites\commedia
Serves it as /commedia of another site, from another folder.

.EXAMPLE
.\setup.ps1 -Remove
Removes what the first example made.

.NOTES
If PowerShell refuses to run scripts: powershell -ExecutionPolicy Bypass -File setup.ps1
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param(
    [ValidateSet('iisnode', 'HttpPlatformHandler', 'AspNetCore')]
    [string]$Module = 'iisnode',
    [string]$Name = 'dante',
    [string]$Site = 'Default Web Site',
    [string]$Path = "$env:SystemDrive\inetpub\$Name",
    [string]$Exe = '',
    [switch]$Remove
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# Needs: modules that have to be installed. Opens: sections that the recipe's web.config sets. IIS locks handlers and
# webSocket at first, a server's owner may have locked the others.
$Plans = @{
    'iisnode'             = @{
        Recipe = 'iisnode'; Needs = @('iisnode', 'RewriteModule')
        Opens = @('handlers', 'webSocket', 'urlCompression', 'httpErrors')
    }
    'HttpPlatformHandler' = @{
        Recipe = 'httpplatform'; Needs = @('httpPlatformHandler', 'WebSocketModule'); Opens = @('handlers', 'urlCompression')
    }
    'AspNetCore'          = @{
        Recipe = 'aspnetcore'; Needs = @('AspNetCoreModuleV2', 'WebSocketModule'); Opens = @('handlers', 'urlCompression')
    }
}
$Remedies = @{
    'iisnode'             = 'install iisnode from https://github.com/Azure/iisnode/releases'
    'RewriteModule'       = 'install URL Rewrite from https://www.iis.net/downloads/microsoft/url-rewrite'
    'httpPlatformHandler' = 'install it from https://www.iis.net/downloads/microsoft/httpplatformhandler'
    'AspNetCoreModuleV2'  = 'install the ASP.NET Core Hosting Bundle from https://dotnet.microsoft.com/download'
    'WebSocketModule'     = 'type: dism /online /enable-feature /featurename:IIS-WebSockets /all'
}
# Readers hold on to one process for hours. IIS would start the .NET runtime in it for nothing, end it after 20 minutes
# without a request (idleTimeout) and replace it every 29 hours (periodicRestart), cutting every stream.
$PoolSettings = [ordered]@{
    'managedRuntimeVersion'          = ''
    'processModel.idleTimeout'       = '00:00:00'
    'recycling.periodicRestart.time' = '00:00:00'
}
$Placeholder = "// iisnode answers 404 unless this file exists. dante.exe answers every request; nothing reads this.`r`n"

$Mark = 'dante hosting'   # stands in every web.config that dante has written

$Plan = $Plans[$Module]
$Identity = "IIS AppPool\$Name"
$Application = "$Site/$Name"
$System = "$env:windir\System32"
if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
    $System = "$env:windir\Sysnative"   # a 32-bit process sees SysWOW64, and another configuration, under System32
}
$AppCmd = "$System\inetsrv\appcmd.exe"

# --- What is there -----------------------------------------------------------------------------------------------------

# State is read from applicationHost.config and changed through appcmd alone: both work alike in Windows PowerShell and
# PowerShell 7, where the WebAdministration module has no IIS: drive.
function Read-Configuration {
    $document = New-Object System.Xml.XmlDocument
    try { $document.Load("$System\inetsrv\config\applicationHost.config") }
    catch { Write-Verbose "applicationHost.config: $($_.Exception.Message)" }   # Get-Problem says it to the user
    return $document
}

function Select-Node([System.Xml.XmlNode]$From, [string]$XPath, [string]$Attribute, [string]$Value) {
    if ($null -ne $From) {
        $From.SelectNodes($XPath) | Where-Object { $_.GetAttribute($Attribute) -eq $Value } | Select-Object -First 1
    }
}

function Get-SiteNode { Select-Node $Configuration '/configuration/system.applicationHost/sites/site' 'name' $Site }

function Get-ApplicationNode { Select-Node (Get-SiteNode) 'application' 'path' "/$Name" }

function Get-PoolNode { Select-Node $Configuration '/configuration/system.applicationHost/applicationPools/add' 'name' $Name }

# The folder that IIS has for our application; empty when there is no such application.
function Get-ApplicationFolder {
    $root = Select-Node (Get-ApplicationNode) 'virtualDirectory' 'path' '/'
    if ($null -eq $root) { return '' }
    return [Environment]::ExpandEnvironmentVariables($root.GetAttribute('physicalPath')).TrimEnd('\')
}

# Applications other than ours that run in the pool of our name.
function Get-Lodger {
    foreach ($node in $Configuration.SelectNodes('/configuration/system.applicationHost/sites/site/application')) {
        $full = $node.ParentNode.GetAttribute('name') + $node.GetAttribute('path')
        if ($node.GetAttribute('applicationPool') -eq $Name -and $full -ne $Application) { $full }
    }
}

# Whether a web.config of our application may set this section: the section's own overrideModeDefault (Allow when
# missing), overruled by <location overrideMode="..."> for the server, the site and the application, in this order.
function Test-SectionOpen([string]$Section) {
    $declared = $Configuration.SelectSingleNode(
        "/configuration/configSections/sectionGroup[@name='system.webServer']/section[@name='$Section']")
    $open = ($null -ne $declared) -and ($declared.GetAttribute('overrideModeDefault') -ne 'Deny')
    foreach ($place in '', $Site, $Application) {
        foreach ($location in $Configuration.SelectNodes("/configuration/location[system.webServer/$Section]")) {
            if ($location.GetAttribute('path') -ne $place) { continue }
            switch ($location.GetAttribute('overrideMode')) {
                'Allow' { $open = $true }
                'Deny' { $open = $false }
            }
        }
    }
    return $open
}

function Test-PoolSettings {
    if ($null -eq (Get-PoolNode)) { return $false }
    foreach ($key in $PoolSettings.Keys) {
        $found = Invoke-Program $AppCmd @('list', 'apppool', $Name, "/text:$key")
        if ($found.Code -ne 0 -or $found.Text -ne $PoolSettings[$key]) { return $false }
    }
    return $true
}

function Test-Granted([string]$Folder, [string]$Rights) {
    if (-not (Test-Path -LiteralPath $Folder)) { return $false }
    $wanted = [System.Security.AccessControl.FileSystemRights]$Rights
    foreach ($rule in (Get-Acl -LiteralPath $Folder).Access) {
        if ($rule.IdentityReference.Value -eq $Identity -and $rule.AccessControlType -eq 'Allow' -and
            ($rule.FileSystemRights -band $wanted) -eq $wanted) { return $true }
    }
    return $false
}

function Test-Text([string]$File, [string]$Pattern) {
    return (Test-Path -LiteralPath $File) -and ([System.IO.File]::ReadAllText($File) -match $Pattern)
}

# Whether a thing in the site folder was put there by this script.
function Test-Own([System.IO.FileSystemInfo]$Item) {
    switch -Regex ($Item.Name) {
        '^dante-[0-9a-f]{12}\.exe(\.new)?$' { return $true }
        '^(web\.config|server-socketio\.js)\.new$' { return $true }
        '^web\.config$' { return (Test-Text $Item.FullName $Mark) }
        '^server-socketio\.js$' { return (Test-Text $Item.FullName ([regex]::Escape($Placeholder))) }
        '^logs$' { return $Item.PSIsContainer }
    }
    return $false
}

function Get-SiteItem {
    if (Test-Path -LiteralPath $Path) { Get-ChildItem -LiteralPath $Path -Force }
}

function Test-Administrator {   # called on Windows only
    $principal = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

# --- Checks: every problem as one line of value, reason and remedy -----------------------------------------------------

function Get-Problem {
    if ($env:OS -ne 'Windows_NT') {
        return 'this system: is not Windows, and IIS runs nowhere else; run this script on the server that has IIS'
    }
    if (-not (Test-Administrator)) {
        "this PowerShell: has no administrator rights, and IIS asks for them; start it with 'Run as administrator'"
    }
    if ($Name -notmatch '^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?\z') {
        "-Name '$Name': is no name for an application; give up to 64 letters, digits, - _ or . that begin with a letter or digit"
    }
    if (-not $Remove) { Get-ExeProblem }
    if (-not (Test-Path -LiteralPath $AppCmd)) {
        return "IIS: is not installed, $AppCmd is missing; type: dism /online /enable-feature /featurename:IIS-WebServer /all"
    }
    if ($null -eq $Configuration.DocumentElement) {
        if (Test-Administrator) { 'IIS: applicationHost.config cannot be read; run this script with -Verbose to see why' }
        return
    }
    if (-not $Remove) { Get-IisProblem }
    $folder = Get-ApplicationFolder
    if ($folder -ne '' -and $folder -ne $Path) {
        "application '$Application': has the folder $folder already; give -Path '$folder' if it is Dante's, or another -Name"
    }
}

function Get-ExeProblem {
    if ($Exe -ne '') {
        if (-not (Test-Path -LiteralPath $Exe -PathType Leaf)) {
            "-Exe '$Exe': there is no such file; give the path of a dante.exe, or leave -Exe out to build one"
        }
        return
    }
    if ($null -eq (Get-Command 'cargo' -CommandType Application -ErrorAction SilentlyContinue)) {
        'cargo: is not in PATH, and dante.exe is to be built; install Rust from https://rustup.rs, or give a built one with -Exe'
    }
    if (-not (Test-Path -LiteralPath "$PSScriptRoot\Cargo.toml")) {
        "${PSScriptRoot}: has no Cargo.toml to build from; run this in Dante's source folder, or give a dante.exe with -Exe"
    }
}

function Get-IisProblem {
    $setup = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\InetStp' -Name 'MajorVersion' -ErrorAction SilentlyContinue
    if ($null -ne $setup -and $setup.MajorVersion -lt 8) {
        "IIS $($setup.MajorVersion): knows no WebSocket; use Windows 8, Windows Server 2012 or later, which have IIS 8"
    }
    foreach ($need in $Plan.Needs) {
        if ($null -eq (Select-Node $Configuration '/configuration/system.webServer/globalModules/add' 'name' $need)) {
            "module $need of IIS: is not installed, and Dante under $Module needs it; $($Remedies[$need])"
        }
    }
    if ($null -eq (Get-SiteNode)) {
        $known = @($Configuration.SelectNodes('/configuration/system.applicationHost/sites/site') |
                ForEach-Object { "'" + $_.GetAttribute('name') + "'" }) -join ', '
        "-Site '$Site': IIS has no such site; give one of: $known"
    }
    $lodgers = @(Get-Lodger)
    if ($lodgers.Count -gt 0) {
        "application pool '$Name': serves '$($lodgers -join "', '")', and Dante needs a pool of its own; give another -Name"
    }
    $strangers = @(Get-SiteItem | Where-Object { -not (Test-Own $_) -and $_.Name -ne 'iisnode.yml' })
    if ($strangers.Count -gt 0) {
        "-Path '$Path': holds '$($strangers[0].Name)', which is not Dante's; give an empty folder, or one that does not exist yet"
    }
}

# --- Steps -------------------------------------------------------------------------------------------------------------

# Runs a program; stderr is folded into its text, since Windows PowerShell can make an exception of it.
function Invoke-Program([string]$Program, [string[]]$Arguments) {
    $ErrorActionPreference = 'Continue'
    $lines = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" })
    return New-Object PSObject -Property @{ Code = $LASTEXITCODE; Text = ($lines -join ' ').Trim() }
}

function Invoke-AppCmd([string[]]$Arguments) {
    $run = Invoke-Program $AppCmd $Arguments
    if ($run.Code -ne 0) { throw "appcmd $($Arguments -join ' '): ended with $($run.Code): $($run.Text)" }
}

# One step of the way. -WhatIf and -Confirm ask once a step, not once for each cmdlet in it.
function Invoke-Step([string]$What, [string]$Action, [bool]$Done, [scriptblock]$Change) {
    if ($Done) { Write-Host "already so, nothing to ${Action}: $What"; return }
    if ($PSCmdlet.ShouldProcess($What, $Action)) {
        $ConfirmPreference = 'None'
        & $Change
        Write-Host "${Action}: $What"
    }
}

# Writes beside the target and then takes its place: IIS reads web.config at any moment, and must not see half of it.
function Write-Text([string]$Target, [string]$Text) {
    [System.IO.File]::WriteAllText("$Target.new", $Text, (New-Object System.Text.UTF8Encoding $false))
    if (Test-Path -LiteralPath $Target) { [System.IO.File]::Replace("$Target.new", $Target, [NullString]::Value) }
    else { [System.IO.File]::Move("$Target.new", $Target) }
}

# A pool's account has a name only once Windows has noticed the pool, which takes a moment.
function Grant-Rights([string]$Folder, [string]$Rights) {
    foreach ($attempt in 1..20) {
        $run = Invoke-Program "$System\icacls.exe" @($Folder, '/grant', "${Identity}:(OI)(CI)$Rights")
        if ($run.Code -eq 0) { return }
        Start-Sleep -Milliseconds 500
    }
    throw "icacls ${Folder}: cannot give $Rights to ${Identity}: $($run.Text)"
}

# The path of the dante.exe to install; empty under -WhatIf when there is none yet.
function Get-SourceExe {
    $source = $Exe
    if ($source -eq '') {
        Invoke-Step "dante.exe in $PSScriptRoot" 'build with cargo' $false {
            $ErrorActionPreference = 'Continue'   # cargo reports its progress on stderr
            Push-Location -LiteralPath $PSScriptRoot
            try { & cargo build --release --locked | Out-Host } finally { Pop-Location }
            if ($LASTEXITCODE -ne 0) {
                throw "cargo build: ended with $LASTEXITCODE; mend what it says above, or give a built dante.exe with -Exe"
            }
        }
        $target = 'target'
        if ("$env:CARGO_TARGET_DIR" -ne '') { $target = $env:CARGO_TARGET_DIR }
        $source = [System.IO.Path]::Combine($PSScriptRoot, $target, 'release', 'dante.exe')
    }
    if (Test-Path -LiteralPath $source -PathType Leaf) { return $source }
    if ($WhatIfPreference) { return '' }
    throw "${source}: cargo has built no such file; give the path of the built dante.exe with -Exe"
}

# What "dante hosting" prints, read as UTF-8 whatever the console's code page is.
function Get-Recipe([string]$Program, [string]$ConfiguredExe) {
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $Program
    $start.Arguments = 'hosting {0} --prefix "/{1}" --exe "{2}"' -f $Plan.Recipe, $Name, $ConfiguredExe
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = New-Object System.Text.UTF8Encoding $false
    $process = [System.Diagnostics.Process]::Start($start)
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    if ($process.ExitCode -ne 0 -or $text -notmatch $Mark) {
        $reason = "printed no web.config (exit code $($process.ExitCode))"
        throw "$Program $($start.Arguments): $reason; give a dante.exe of this script's version"
    }
    return $text
}

# Removes a file, waiting for a process that still runs it; says so and leaves it when that takes too long.
function Remove-Own([System.IO.FileSystemInfo]$Item, [int]$Seconds) {
    if (-not $PSCmdlet.ShouldProcess($Item.FullName, 'remove')) { return }
    $ConfirmPreference = 'None'
    $until = (Get-Date).AddSeconds($Seconds)
    while ($true) {
        try { Remove-Item -LiteralPath $Item.FullName -Force; Write-Host "remove: $($Item.FullName)"; return }
        catch {
            if ((Get-Date) -ge $until) { Write-Host "left, still in use, the next run removes it: $($Item.FullName)"; return }
            Start-Sleep -Milliseconds 500
        }
    }
}

function Get-Url {
    $node = Get-SiteNode
    if ($null -ne $node) {
        foreach ($binding in $node.SelectNodes("bindings/binding[@protocol='http' or @protocol='https']")) {
            if ($binding.GetAttribute('bindingInformation') -match '^(.*):(\d+):([^:]*)$') {
                $server = 'localhost'
                if ($Matches[3] -ne '') { $server = $Matches[3] } elseif ($Matches[1] -ne '*') { $server = $Matches[1] }
                $url = '{0}://{1}:{2}/{3}/' -f $binding.GetAttribute('protocol'), $server, $Matches[2], $Name
                return $url -replace '^(http://[^/]*):80/', '$1/' -replace '^(https://[^/]*):443/', '$1/'
            }
        }
    }
    return "http://localhost/$Name/"
}

# --- The two ways ------------------------------------------------------------------------------------------------------

function Install-Dante {
    # A running exe is locked. Under a name of its own each version can be put beside the one that runs.
    $source = Get-SourceExe
    $exeName = 'dante-(not built yet).exe'
    if ($source -ne '') {
        $hash = (Get-FileHash -LiteralPath $source -Algorithm SHA256).Hash
        $exeName = "dante-$($hash.Substring(0, 12).ToLowerInvariant()).exe"
    }
    $installed = "$Path\$exeName"
    $logs = "$Path\logs"

    foreach ($folder in $Path, $logs) {
        Invoke-Step "folder $folder" 'make' (Test-Path -LiteralPath $folder -PathType Container) {
            New-Item -ItemType Directory -Path $folder -Force | Out-Null
        }
    }
    Invoke-Step $installed 'copy' (Test-Path -LiteralPath $installed) {
        Copy-Item -LiteralPath $source -Destination "$installed.new" -Force
        [System.IO.File]::Move("$installed.new", $installed)
    }
    if ($Module -eq 'iisnode') {
        $stub = "$Path\server-socketio.js"
        Invoke-Step $stub 'write' (Test-Text $stub ([regex]::Escape($Placeholder))) { Write-Text $stub $Placeholder }
    }

    $settings = @($PoolSettings.Keys | ForEach-Object { "/${_}:$($PoolSettings[$_])" })
    Invoke-Step "application pool '$Name'" 'add' ($null -ne (Get-PoolNode)) { Invoke-AppCmd @('add', 'apppool', "/name:$Name") }
    Invoke-Step "settings of the pool: $($settings -join ' ')" 'set' (Test-PoolSettings) {
        Invoke-AppCmd (@('set', 'apppool', "/apppool.name:$Name") + $settings)
    }
    Invoke-Step "application '$Application' in $Path" 'add' ($null -ne (Get-ApplicationNode)) {
        Invoke-AppCmd @('add', 'app', "/site.name:$Site", "/path:/$Name", "/physicalPath:$Path", "/applicationPool:$Name")
    }
    $node = Get-ApplicationNode
    if ($null -ne $node) {
        Invoke-Step "application '$Application' in pool '$Name'" 'set' ($node.GetAttribute('applicationPool') -eq $Name) {
            Invoke-AppCmd @('set', 'app', "/app.name:$Application", "/applicationPool:$Name")
        }
    }
    # A locked section in a web.config is error 500.19 (0x80070021). Opened for this application alone, not for the server.
    foreach ($section in $Plan.Opens) {
        Invoke-Step "section system.webServer/$section for '$Application'" 'unlock' (Test-SectionOpen $section) {
            Invoke-AppCmd @('unlock', 'config', $Application, "-section:system.webServer/$section", '-commitpath:apphost')
        }
    }
    Invoke-Step "$Identity may read and run what is in $Path" 'grant' (Test-Granted $Path 'ReadAndExecute') {
        Grant-Rights $Path 'RX'
    }
    Invoke-Step "$Identity may write logs in $logs" 'grant' (Test-Granted $logs 'Modify') { Grant-Rights $logs 'M' }

    # Last, since this is the switch: with a new web.config the modules start the exe that it names.
    $target = "$Path\web.config"
    $recipe = ''
    if ($source -ne '') {
        $configuredExe = ".\$exeName"
        if ($Module -eq 'iisnode') { $configuredExe = $installed }   # iisnode does not look in the site folder
        $recipe = Get-Recipe $source $configuredExe
    }
    $same = $recipe -ne '' -and (Test-Path -LiteralPath $target) -and ([System.IO.File]::ReadAllText($target) -ceq $recipe)
    Invoke-Step $target 'write' $same { Write-Text $target $recipe }

    foreach ($item in @(Get-SiteItem)) {
        if ($item.Name -match '^dante-[0-9a-f]{12}\.exe(\.new)?$' -and $item.Name -ne $exeName) { Remove-Own $item 0 }
    }
    Write-Host "Dante is at $(Get-Url)"
}

function Uninstall-Dante {
    Invoke-Step "application '$Application'" 'delete' ($null -eq (Get-ApplicationNode)) {
        Invoke-AppCmd @('delete', 'app', "/app.name:$Application")
    }
    # A pool that has other applications, or other settings than ours, is not the one that this script made.
    if ($null -ne (Get-PoolNode) -and (@(Get-Lodger).Count -gt 0 -or -not (Test-PoolSettings))) {
        Write-Host "left, not made by this script or changed since: application pool '$Name'"
    }
    else {
        Invoke-Step "application pool '$Name'" 'delete' ($null -eq (Get-PoolNode)) {
            Invoke-AppCmd @('delete', 'apppool', "/apppool.name:$Name")
        }
    }
    # Only a folder with our web.config is ours. It goes last, so that a second run can finish what a locked exe held up.
    $recipe = "$Path\web.config"
    if (Test-Text $recipe $Mark) {
        foreach ($item in @(Get-SiteItem | Where-Object { $_.FullName -ne $recipe -and (Test-Own $_) })) {
            if ($item.PSIsContainer) {
                Get-ChildItem -LiteralPath $item.FullName -Force | Where-Object { $_.Name -match '\.(txt|log)$|^index\.html$' } |
                    ForEach-Object { Remove-Own $_ 10 }
                if (@(Get-ChildItem -LiteralPath $item.FullName -Force).Count -gt 0) { continue }
            }
            Remove-Own $item 10
        }
        if (@(Get-SiteItem | Where-Object { $_.FullName -ne $recipe -and (Test-Own $_) }).Count -eq 0 -or $WhatIfPreference) {
            Remove-Own (Get-Item -LiteralPath $recipe -Force) 0
        }
    }
    # Under -WhatIf our own things are still there, and only strangers would keep the folder.
    $rest = @(Get-SiteItem | Where-Object { -not $WhatIfPreference -or -not (Test-Own $_) })
    if ($rest.Count -gt 0) { Write-Host "left, since it still holds '$($rest[0].Name)': $Path" }
    elseif (Test-Path -LiteralPath $Path) { Remove-Own (Get-Item -LiteralPath $Path -Force) 0 }
    else { Write-Host "already so, nothing to remove: $Path" }
}

try {
    $Path = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path).TrimEnd('\')
    if ($Exe -ne '') { $Exe = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Exe) }
    $Configuration = Read-Configuration
    $problems = @(Get-Problem)
    foreach ($problem in $problems) {
        if ($WhatIfPreference) { Write-Warning $problem } else { $Host.UI.WriteErrorLine($problem) }
    }
    if ($problems.Count -gt 0 -and -not $WhatIfPreference) { exit 2 }
    if ($Remove) { Uninstall-Dante } else { Install-Dante }
    exit 0
}
catch {
    $Host.UI.WriteErrorLine("setup.ps1, line $($_.InvocationInfo.ScriptLineNumber): $($_.Exception.Message)")
    exit 1
}
