# What the test files of the retention cmdlets share.

# An archive whose only session lies in a share as well; the archive is that of the environment.
function New-SyncedBox {
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-Transcript "$($box.Transcripts)/a.jsonl"
    $null = Import-ArchiveSession $box.Transcripts
    $null = Invoke-ArtifactSync $box.Share -Initialize
    $box
}

function Get-StoreFile($Box, [string] $Kind, [switch] $Share) {
    (Get-ChildItem "$($Share ? $Box.Share : "$($Box.Archive)/artifacts")/*/$Kind/*")[0].FullName
}

# Flips a bit in the middle of a file.
function Edit-Byte($Box, [string] $Kind, [switch] $Share) {
    $file = Get-StoreFile $Box $Kind -Share:$Share
    $bytes = [System.IO.File]::ReadAllBytes($file)
    $at = [int][math]::Floor($bytes.Length / 2)
    $bytes[$at] = $bytes[$at] -bxor 1
    [System.IO.File]::WriteAllBytes($file, $bytes)
    $file
}
