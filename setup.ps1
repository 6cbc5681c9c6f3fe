<#
.SYNOPSIS
Installs Dante as an application of IIS, brings an installed one up to date, or removes it.

.DESCRIPTION
Finds out what is there and asks dante.exe, which knows what IIS and its modules need, what is to be done. It says
everything that is missing before it changes anything. Then it makes a site folder that holds dante.exe, its web.config
and a folder for logs, and in IIS an application with an application pool of its own. What is already so is left alone: a
second run changes nothing, and a run with a newer dante.exe exchanges just that, while the old one goes on serving its
readers until IIS ends it.

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
A dante.exe to install. Without it, one is built with cargo from the folder of this script. With -Remove it is only asked
what to remove; without it, the installed one is asked.

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

# This script finds out facts and carries out steps. What is missing, what is to be done and in which order, what a file
# holds and what is ours to remove, is decided by "dante hosting --setup" (src/hosting/setup), where it is tested.

$Identity = "IIS AppPool\$Name"
$System = "$env:windir\System32"
if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
    $System = "$env:windir\Sysnative"   # a 32-bit process sees SysWOW64, and another configuration, under System32
}
$AppCmd = "$System\inetsrv\appcmd.exe"
$Utf8 = New-Object System.Text.UTF8Encoding $false
$script:Stuck = $false   # whether something could not be removed

# --- What this script itself needs, each problem as one line of value, reason and remedy -------------------------------

function Test-Administrator {   # called on Windows only
    $principal = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-Problem {
    if ($env:OS -ne 'Windows_NT') {
        return 'this system: is not Windows, and IIS runs nowhere else; run this script on the server that has IIS'
    }
    if (-not (Test-Administrator)) {
        "this PowerShell: has no administrator rights, and IIS asks for them; start it with 'Run as administrator'"
    }
    if (-not (Test-Path -LiteralPath $AppCmd)) {
        "IIS: is not installed, $AppCmd is missing; type: dism /online /enable-feature /featurename:IIS-WebServer /all"
    }
    if ($Exe -ne '') {
        if (-not (Test-Path -LiteralPath $Exe -PathType Leaf)) {
            "-Exe '$Exe': there is no such file; give the path of a dante.exe, or leave -Exe out"
        }
    }
    elseif ($Remove) {
        if ((Get-KnownExe) -eq '') {
            "${Path}: holds no dante.exe that knows what to remove; give one with -Exe"
        }
    }
    else {
        if ($null -eq (Get-Command 'cargo' -CommandType Application -ErrorAction SilentlyContinue)) {
            'cargo: is not in PATH, and dante.exe is to be built; install Rust from https://rustup.rs, or give a built one with -Exe'
        }
        if (-not (Test-Path -LiteralPath "$PSScriptRoot\Cargo.toml")) {
            "${PSScriptRoot}: has no Cargo.toml to build from; run this in Dante's source folder, or give a dante.exe with -Exe"
        }
    }
}

# --- The dante.exe that is installed, or asked -------------------------------------------------------------------------

function Get-BuiltExe {
    $target = 'target'
    if ("$env:CARGO_TARGET_DIR" -ne '') { $target = $env:CARGO_TARGET_DIR }
    return [System.IO.Path]::Combine($PSScriptRoot, $target, 'release', 'dante.exe')
}

# A dante.exe that is there already: the newest installed one, else a built one; empty when there is none.
function Get-KnownExe {
    if (Test-Path -LiteralPath $Path -PathType Container) {
        $installed = @(Get-ChildItem -LiteralPath $Path -Force | Where-Object { $_.Name -match '^dante-[0-9a-f]{12}\.exe$' } |
                Sort-Object -Property LastWriteTime -Descending)
        if ($installed.Count -gt 0) { return $installed[0].FullName }
    }
    $built = Get-BuiltExe
    if (Test-Path -LiteralPath $built -PathType Leaf) { return $built }
    return ''
}

# Empty under -WhatIf when there is none yet.
function Get-SourceExe {
    if ($Exe -ne '') { return $Exe }
    if ($Remove) { return (Get-KnownExe) }
    if ($PSCmdlet.ShouldProcess("dante.exe in $PSScriptRoot", 'build with cargo')) {
        $ErrorActionPreference = 'Continue'   # cargo reports its progress on stderr
        Push-Location -LiteralPath $PSScriptRoot
        try { & cargo build --release --locked | Out-Host } finally { Pop-Location }
        if ($LASTEXITCODE -ne 0) {
            throw "cargo build: ended with $LASTEXITCODE; mend what it says above, or give a built dante.exe with -Exe"
        }
    }
    $built = Get-BuiltExe
    if (Test-Path -LiteralPath $built -PathType Leaf) { return $built }
    if ($WhatIfPreference) { return '' }
    throw "${built}: cargo has built no such file; give the path of the built dante.exe with -Exe"
}

# --- Facts -------------------------------------------------------------------------------------------------------------

# State is read from applicationHost.config and changed through appcmd alone: both work alike in Windows PowerShell and
# PowerShell 7, where the WebAdministration module has no IIS: drive.
function Read-Configuration {
    try { return [System.IO.File]::ReadAllText("$System\inetsrv\config\applicationHost.config") }
    catch { Write-Verbose "applicationHost.config: $($_.Exception.Message)"; return '' }
}

function Get-SiteItem {
    foreach ($folder in '', 'logs\') {
        if (-not (Test-Path -LiteralPath "$Path\$folder" -PathType Container)) { continue }
        foreach ($item in @(Get-ChildItem -LiteralPath "$Path\$folder" -Force)) {
            $text = $null
            if (-not $item.PSIsContainer -and $item.Name -match '^(web\.config|server-socketio\.js)$') {
                $text = [System.IO.File]::ReadAllText($item.FullName)
            }
            @{ name = $folder + $item.Name; folder = [bool]$item.PSIsContainer; text = $text }
        }
    }
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

function Get-Fact([string]$Source) {
    $setup = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\InetStp' -Name 'MajorVersion' -ErrorAction SilentlyContinue
    $version = $null
    if ($null -ne $setup) { $version = [int]$setup.MajorVersion }
    return @{
        module        = $Module
        name          = $Name
        site          = $Site
        path          = $Path
        remove        = [bool]$Remove
        source        = @{ path = $Source; hash = (Get-FileHash -LiteralPath $Source -Algorithm SHA256).Hash }
        iisVersion    = $version
        configuration = (Read-Configuration)
        exists        = (Test-Path -LiteralPath $Path -PathType Container)
        items         = @(Get-SiteItem)
        reads         = (Test-Granted $Path 'ReadAndExecute')
        writesLogs    = (Test-Granted "$Path\logs" 'Modify')
    }
}

# What "dante hosting --setup" makes of the facts. Both ways the text is UTF-8, whatever the console's code page is.
function Get-Plan([string]$Program) {
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $Program
    $start.Arguments = 'hosting --setup'
    $start.UseShellExecute = $false
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.StandardOutputEncoding = $Utf8
    $bytes = $Utf8.GetBytes((ConvertTo-Json -InputObject (Get-Fact $Program) -Depth 5 -Compress))
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $process.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length)
        $process.StandardInput.BaseStream.Close()
    }
    catch { Write-Verbose "$Program does not listen: $($_.Exception.Message)" }   # its exit code says more
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    if ($process.ExitCode -ne 0) {
        throw "$Program hosting --setup: ended with $($process.ExitCode); give a dante.exe of this script's version"
    }
    return (ConvertFrom-Json -InputObject $text)
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

# Writes and copies beside the target, which then takes its place: IIS reads web.config at any moment, and must not see half
# of it.
function Set-Place([string]$Target) {
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

# Removes a file, or an empty folder, waiting for a process that still runs it; leaves it when that takes too long.
function Remove-Own([string]$Target, [int]$Seconds) {
    $until = (Get-Date).AddSeconds($Seconds)
    while (Test-Path -LiteralPath $Target) {
        try {
            if (Test-Path -LiteralPath $Target -PathType Container) { [System.IO.Directory]::Delete($Target) }
            else { Remove-Item -LiteralPath $Target -Force }
        }
        catch {
            if ((Get-Date) -ge $until) { $script:Stuck = $true; return }
            Start-Sleep -Milliseconds 500
        }
    }
}

# -WhatIf and -Confirm ask once a step, not once for each cmdlet in it.
function Invoke-Step($Step) {
    if ($Step.kind -eq 'leave') { Write-Host "left: $($Step.what)"; return }
    if ($Step.done) { Write-Host "already so, nothing to $($Step.action): $($Step.what)"; return }
    if (-not $PSCmdlet.ShouldProcess($Step.what, $Step.action)) { return }
    $ConfirmPreference = 'None'
    switch ($Step.kind) {
        'folder' { New-Item -ItemType Directory -Path $Step.path -Force | Out-Null }
        'copy' { Copy-Item -LiteralPath $Step.from -Destination "$($Step.to).new" -Force; Set-Place $Step.to }
        'write' { [System.IO.File]::WriteAllText("$($Step.path).new", $Step.text, $Utf8); Set-Place $Step.path }
        'appcmd' { Invoke-AppCmd @($Step.arguments) }
        'grant' { Grant-Rights $Step.path $Step.rights }
        'remove' {
            if (-not ($Step.last -and $script:Stuck)) { Remove-Own $Step.path $Step.patience }
            if (Test-Path -LiteralPath $Step.path) {
                Write-Host "left, since a program is still in use, the next run removes it: $($Step.path)"
                return
            }
        }
        default { throw "step '$($Step.kind)': this script does not know it; use the setup.ps1 of this dante.exe's version" }
    }
    Write-Host "$($Step.action): $($Step.what)"
}

# Says problems, and whether to go on: under -WhatIf always.
function Test-Clear([string[]]$Problems) {
    foreach ($problem in $Problems) {
        if ($WhatIfPreference) { Write-Warning $problem } else { $Host.UI.WriteErrorLine($problem) }
    }
    return ($Problems.Count -eq 0 -or $WhatIfPreference)
}

try {
    $Path = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Path).TrimEnd('\')
    if ($Exe -ne '') { $Exe = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Exe) }
    if (-not (Test-Clear @(Get-Problem))) { exit 2 }
    $source = Get-SourceExe
    if ($source -eq '' -or -not (Test-Path -LiteralPath $source -PathType Leaf)) {
        Write-Host 'The rest is known only to dante.exe, and there is none yet: build it, or give one with -Exe.'
        exit 0
    }
    $plan = Get-Plan $source
    if (-not (Test-Clear @($plan.problems))) { exit 2 }
    foreach ($step in @($plan.steps)) { Invoke-Step $step }
    if (-not $Remove) { Write-Host "Dante is at $($plan.url)" }
    exit 0
}
catch {
    $Host.UI.WriteErrorLine("setup.ps1, line $($_.InvocationInfo.ScriptLineNumber): $($_.Exception.Message)")
    exit 1
}
