#requires -Version 7.6
<#
.SYNOPSIS
Runs the commands of a page and writes the page with what they printed, so that no output in the documentation is typed.
.DESCRIPTION
The page is a script: comment lines are its text, every other line is a command. Commands that begin with a blank are run
and not shown. $work is an empty folder; its path shows as ~. The module is that of out/ArtifactSync.
.EXAMPLE
./tools/Write-Transcript.ps1 docs/conflicts.ps1
Writes docs/conflicts.md.
#>
[CmdletBinding()]
param([Parameter(Mandatory)][string] $Path)
$ErrorActionPreference = 'Stop'
$module = Join-Path $PSScriptRoot '..' 'out' 'ArtifactSync' 'ArtifactSync.psd1'
$work = (New-Item (Join-Path ([System.IO.Path]::GetTempPath()) "transcript-$PID") -ItemType Directory).FullName
$lines = (Get-Content $Path).Where{ $_ }
try {
    # In a process of its own: what hosts print themselves, such as "What if:", can be caught only there.
    $script = @("`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; Import-Module '$module'; `$work = '$work'")
    $script += foreach ($line in $lines) {
        if ($line -notmatch '^#') { ". { $line } | Out-String -Width 132 | Write-Host -NoNewline" }
        "Write-Host '<<<>>>'"
    }
    Set-Content "$work/page.ps1" $script
    $printed = (& pwsh -NoProfile -NonInteractive -File "$work/page.ps1" | Out-String).Replace($work, '~') -split "<<<>>>`n"
    if ($LASTEXITCODE) { throw "A command of '$Path' failed: $($printed[-1])" }

    $page = [System.Collections.Generic.List[string]]::new()
    $open = $false
    for ($i = 0; $i -lt $lines.Count; $i++) {
        $isText, $isHidden = ($lines[$i] -match '^#'), ($lines[$i] -match '^\s')
        if ($isHidden) { continue }
        if ($isText -and $open) { $page.AddRange([string[]]('```', '')) }
        if (-not $isText) { $page.Add($open ? '' : '```') }
        $open = -not $isText
        if ($isText) { $page.Add($lines[$i].Substring(1).TrimStart(' ')); continue }
        $page.Add("PS> $($lines[$i])")
        if ($printed[$i].Trim()) { $page.AddRange([string[]]($printed[$i].TrimEnd() -split "`n").ForEach{ $_.TrimEnd() }) }
    }
    if ($open) { $page.Add('```') }
    Set-Content ([System.IO.Path]::ChangeExtension($Path, '.md')) ($page -join "`n")
}
finally { Remove-Item $work -Recurse -Force }
