<#
.SYNOPSIS
Installs Dante as an IIS application, updates it, or removes it.

.DESCRIPTION
Collects facts about this server and asks dante.exe, which knows what IIS and its modules need, what to do. It lists
everything that is missing before it changes anything. Then it makes a site folder with dante.exe, its web.config and a
folder for logs, and in IIS an application with its own application pool. It skips every step that is already done: a
second run changes nothing, and a run with a newer dante.exe replaces only that, while the old one goes on serving its
readers until IIS stops it.

Exit codes: 0 success, 1 a step failed, 2 a check failed and nothing was changed.

.PARAMETER Module
The IIS module that starts dante.exe: iisnode, HttpPlatformHandler or AspNetCore.

.PARAMETER Name
The name of the IIS application and of its pool. "dante" is served at http://server/dante/.

.PARAMETER Site
The IIS site that the application is added to.

.PARAMETER Path
The site folder, which must contain nothing else. The script makes it if it does not exist.

.PARAMETER Exe
The dante.exe to install. Without it, the script builds one with cargo from its own folder. With -Remove, this dante.exe
only tells the script what to remove; without it, the installed one does.

.PARAMETER Remove
Removes the application, the pool and the files that this script made, and nothing else. The configuration sections that
it unlocked for the application stay unlocked in applicationHost.config, which has no effect without the application.

.EXAMPLE
.\setup.ps1
Builds dante.exe and serves it through iisnode at http://localhost/dante/.

.EXAMPLE
.\setup.ps1 -Module HttpPlatformHandler -Exe C:\Downloads\dante.exe -WhatIf
Shows what the script would do, and changes nothing.

.EXAMPLE
.\setup.ps1 -Name commedia -Site 'My Site' -Path D:\sites\commedia
Serves it at /commedia on another site, from another folder.

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

# This script only collects facts and carries out steps. "dante hosting --setup" (src/hosting/setup) decides what is missing,
# what to do in which order, what files contain and what may be removed; the tests cover it there.

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
        return 'this system: not Windows, and IIS runs only there; run this script on the server that has IIS'
    }
    if (-not (Test-Administrator)) {
        "this PowerShell: no administrator rights, which IIS requires; start it with 'Run as administrator'"
    }
    if (-not (Test-Path -LiteralPath $AppCmd)) {
        "IIS: not installed ($AppCmd is missing); run: dism /online /enable-feature /featurename:IIS-WebServer /all"
    }
    if ($Exe -ne '') {
        if (-not (Test-Path -LiteralPath $Exe -PathType Leaf)) {
            "-Exe '$Exe': file not found; give the path of a dante.exe, or leave -Exe out"
        }
    }
    elseif ($Remove) {
        if ((Get-KnownExe) -eq '') {
            "${Path}: no dante.exe here to say what to remove; give one with -Exe"
        }
    }
    else {
        if ($null -eq (Get-Command 'cargo' -CommandType Application -ErrorAction SilentlyContinue)) {
            'cargo: not in PATH, and needed to build dante.exe; install Rust from https://rustup.rs, or give a built dante.exe with -Exe'
        }
        if (-not (Test-Path -LiteralPath "$PSScriptRoot\Cargo.toml")) {
            "${PSScriptRoot}: no Cargo.toml to build from; run this in Dante's source folder, or give a dante.exe with -Exe"
        }
    }
}

# --- Which dante.exe to install, or to ask -----------------------------------------------------------------------------

function Get-BuiltExe {
    $target = 'target'
    if ("$env:CARGO_TARGET_DIR" -ne '') { $target = $env:CARGO_TARGET_DIR }
    return [System.IO.Path]::Combine($PSScriptRoot, $target, 'release', 'dante.exe')
}

# A dante.exe that exists already: the newest installed one, else a built one; empty if there is none.
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

# Empty under -WhatIf if there is none yet.
function Get-SourceExe {
    if ($Exe -ne '') { return $Exe }
    if ($Remove) { return (Get-KnownExe) }
    if ($PSCmdlet.ShouldProcess("dante.exe in $PSScriptRoot", 'build with cargo')) {
        $ErrorActionPreference = 'Continue'   # cargo reports its progress on stderr
        Push-Location -LiteralPath $PSScriptRoot
        try { & cargo build --release --locked | Out-Host } finally { Pop-Location }
        if ($LASTEXITCODE -ne 0) {
            throw "cargo build: failed with exit code $LASTEXITCODE; fix the error above, or give a built dante.exe with -Exe"
        }
    }
    $built = Get-BuiltExe
    if (Test-Path -LiteralPath $built -PathType Leaf) { return $built }
    if ($WhatIfPreference) { return '' }
    throw "${built}: not found after cargo build; give the path of the built dante.exe with -Exe"
}

# --- Facts -------------------------------------------------------------------------------------------------------------

# The script reads state from applicationHost.config and changes it only through appcmd: both work in Windows PowerShell and in
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

# Sends the facts to "dante hosting --setup" and returns its plan. Both are UTF-8, whatever the console's code page is.
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
    catch { Write-Verbose "${Program}: cannot write to its standard input: $($_.Exception.Message)" }   # its exit code says more
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    if ($process.ExitCode -ne 0) {
        throw "$Program hosting --setup: failed with exit code $($process.ExitCode); give a dante.exe of the same version as this script"
    }
    return (ConvertFrom-Json -InputObject $text)
}

# --- Steps -------------------------------------------------------------------------------------------------------------

# Runs a program. Its text includes stderr, which Windows PowerShell could otherwise turn into an exception.
function Invoke-Program([string]$Program, [string[]]$Arguments) {
    $ErrorActionPreference = 'Continue'
    $lines = @(& $Program @Arguments 2>&1 | ForEach-Object { "$_" })
    return New-Object PSObject -Property @{ Code = $LASTEXITCODE; Text = ($lines -join ' ').Trim() }
}

function Invoke-AppCmd([string[]]$Arguments) {
    $run = Invoke-Program $AppCmd $Arguments
    if ($run.Code -ne 0) { throw "appcmd $($Arguments -join ' '): failed with exit code $($run.Code): $($run.Text)" }
}

# Puts a file that was written beside the target in its place: IIS may read web.config at any moment, and must not see half of
# it.
function Set-Place([string]$Target) {
    if (Test-Path -LiteralPath $Target) { [System.IO.File]::Replace("$Target.new", $Target, [NullString]::Value) }
    else { [System.IO.File]::Move("$Target.new", $Target) }
}

# The name of a pool's account is known only when Windows has noticed the pool, which takes a moment.
function Grant-Rights([string]$Folder, [string]$Rights) {
    foreach ($attempt in 1..20) {
        $run = Invoke-Program "$System\icacls.exe" @($Folder, '/grant', "${Identity}:(OI)(CI)$Rights")
        if ($run.Code -eq 0) { return }
        Start-Sleep -Milliseconds 500
    }
    throw "icacls ${Folder}: cannot give $Rights to ${Identity}: $($run.Text)"
}

# Removes a file or an empty folder. Waits for a process that still runs it, and gives up after some seconds.
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

# -WhatIf and -Confirm ask once per step, not once for each cmdlet in it.
function Invoke-Step($Step) {
    if ($Step.kind -eq 'leave') { Write-Host "left: $($Step.what)"; return }
    if ($Step.done) { Write-Host "already done, nothing to $($Step.action): $($Step.what)"; return }
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
                Write-Host "left, because a program is still running; run this again to remove it: $($Step.path)"
                return
            }
        }
        default { throw "step '$($Step.kind)': unknown to this script; use the setup.ps1 of the same version as dante.exe" }
    }
    Write-Host "$($Step.action): $($Step.what)"
}

# Prints the problems, and returns whether to go on: under -WhatIf always.
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
        Write-Host 'Only dante.exe knows the further steps, and there is none yet: build it, or give one with -Exe.'
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
