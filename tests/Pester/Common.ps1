# What the test files share. They see nothing but the packaged module.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ModulePath = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'ArtifactSync', 'ArtifactSync.psd1'))
Import-Module $ModulePath

# A machine: its archive, its transcripts; and a share to meet at.
function New-Sandbox {
    $root = Join-Path (Get-PSDrive TestDrive).Root ([guid]::NewGuid().ToString('n').Substring(0, 8))
    $box = [pscustomobject]@{
        Root = $root; Archive = "$root/archive"; Other = "$root/other"
        Share = "$root/share"; Transcripts = "$root/transcripts"
    }
    $null = New-Item $box.Share, $box.Transcripts -ItemType Directory
    $box
}

function New-Transcript {
    param([string] $Path, [string] $Text = 'Fix the login bug', [int] $Exchanges = 1, [string] $Folder = '/home/alice/code/my-app')
    $null = New-Item ([System.IO.Path]::GetDirectoryName($Path)) -ItemType Directory -Force
    $at = [datetime]::new(2026, 1, 1, 10, 0, 0, [System.DateTimeKind]::Utc)
    $lines = for ($i = 0; $i -lt $Exchanges; $i++) {
        @{ type = 'user'; timestamp = $at.AddSeconds(10 * $i).ToString('o'); message = @{ content = "$Text ($i)" }; cwd = $Folder },
        @{
            type = "assistant"; timestamp = $at.AddSeconds(10 * $i + 5).ToString("o")
            message = @{ model = "claude-sonnet-4"; content = @(@{ type = "text"; text = "Done: $Text" }) }
        } |
            ForEach-Object { ConvertTo-Json $_ -Depth 5 -Compress }
    }
    [System.IO.File]::WriteAllText($Path, ($lines -join "`n") + "`n")
}

# Enough to keep an import busy for a while: 90 KB each.
function New-ManyTranscript([string] $Folder, [int] $Count) {
    $first = "$Folder/many-0.jsonl"
    New-Transcript $first -Exchanges 300
    for ($i = 1; $i -lt $Count; $i++) { [System.IO.File]::Copy($first, "$Folder/many-$i.jsonl") }
}

function Wait-Until([scriptblock] $Condition) {
    $limit = [System.Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($limit.Elapsed.TotalSeconds -gt 60) { throw "Not within a minute: $Condition" }
        [System.Threading.Thread]::Sleep(5)
    }
}

# A folder that cannot be made, whoever asks: the run fails and can be retried.
function Get-BadTarget([string] $Name) { "/proc/artifactsync-$Name" }

# Every file and folder with its bytes: equal before and after means that nothing was written.
function Get-TreeState {
    param([string[]] $Path)
    foreach ($root in $Path) {
        foreach ($item in Get-ChildItem -LiteralPath $root -Recurse -Force -ErrorAction Ignore | Sort-Object FullName) {
            if ($item.PSIsContainer) { "$($item.FullName)/" }
            else { "$($item.FullName) $($item.Length) $((Get-FileHash -LiteralPath $item.FullName).Hash)" }
        }
        if (-not (Test-Path -LiteralPath $root)) { "$root does not exist" }
    }
}

# Files below a folder that this process has open.
function Get-OpenFile {
    param([string] $Below)
    if (-not $IsLinux) { return }
    foreach ($descriptor in [System.IO.Directory]::GetFiles("/proc/$PID/fd")) {
        $target = [System.IO.FileInfo]::new($descriptor).LinkTarget
        if ($target -and $target.StartsWith($Below)) { $target }
    }
}

# A script in a fresh pwsh, as a scheduled task runs it.
function Invoke-Script {
    param([string] $Text)
    $file = Join-Path (Get-PSDrive TestDrive).Root "$([guid]::NewGuid().ToString('n')).ps1"
    Set-Content $file "Set-StrictMode -Version Latest`nImport-Module '$ModulePath'`n$Text"
    $output = & pwsh -NoProfile -NonInteractive -File $file 2>&1 | ForEach-Object { "$_" }
    [pscustomobject]@{ ExitCode = $LASTEXITCODE; Output = $output -join "`n" }
}

# The terminating error of a script block.
function Get-Failure {
    param([scriptblock] $Script)
    try { $null = & $Script } catch { return $_ }
    throw 'There was no error.'
}

# The only error of a call, with everything that scripts rely on.
function Assert-Error {
    param($ErrorRecord, [string] $Id, [string] $Class, [string] $Category, $Target)
    @($ErrorRecord).Count | Should -Be 1
    $record = @($ErrorRecord)[0]
    $record.FullyQualifiedErrorId | Should -BeExactly "$Id,ArtifactSync.Cmdlets.$Class"
    $record.CategoryInfo.Category | Should -Be $Category
    $record.TargetObject | Should -Be $Target
    $record.Exception.Message | Should -Not -BeNullOrEmpty
    $record.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
}

# What the Tab key offers at the end of a line.
function Get-Completion([string] $Line) {
    [System.Management.Automation.CommandCompletion]::CompleteInput($Line, $Line.Length, $null).CompletionMatches
}

# Two machines that met at the share: alpha (Archive) owns the session 'a', which bravo (Other) knows as 'alpha-0a1b2c~a'.
function New-Pair {
    $box = New-Sandbox
    New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 2
    $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
    $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId alpha-0a1b2c -ArchivePath $box.Archive
    $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId bravo-3d4e5f -ArchivePath $box.Other
    $box
}

# Afterwards both machines of a pair know everything.
function Sync-Pair($Box) {
    foreach ($archive in $Box.Archive, $Box.Other, $Box.Archive) { (Invoke-ArtifactSync $Box.Share -ArchivePath $archive).Status | Should -Be Succeeded }
}

# A pair that gave its session two titles and exchanged: the one of bravo is later and wins.
function New-ConflictPair {
    $box = New-Pair
    Set-ArchiveSession a -DisplayName 'by alpha' -ArchivePath $box.Archive
    Set-ArchiveSession alpha-0a1b2c~a -DisplayName 'by bravo' -ArchivePath $box.Other
    Sync-Pair $box
    $box
}

# What -WhatIf says on the screen, as 'action on target', in order.
function Get-WhatIf([scriptblock] $Script) {
    $file = Join-Path (Get-PSDrive TestDrive).Root "$([guid]::NewGuid().ToString('n')).txt"
    $null = Start-Transcript $file -UseMinimalHeader
    try { $null = & $Script } finally { $null = Stop-Transcript }
    @(Get-Content $file).Where{ $_ -like 'What if:*' } -replace '^What if: Performing the operation "(.*)" on target "(.*)"\.$', '$1 on $2'
}

# Objects look the same after remoting, also as JSON without a warning.
function Assert-View($Object) {
    $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Object))
    ($there | Format-Table | Out-String -Width 200) | Should -Be ($Object | Format-Table | Out-String -Width 200)
    $json = $Object | ConvertTo-Json -WarningVariable warnings
    $warnings | Should -BeNullOrEmpty
    $json | ConvertFrom-Json | Should -Not -BeNullOrEmpty
}
