# # Two machines rename one session
#
# Run, not typed: `tools/Write-Transcript.ps1 docs/conflicts.ps1` wrote this page.
#
# A laptop and a desktop keep an archive each and meet at a shared folder. Both have the session that the laptop imported.
 $laptop, $desktop, $share = "$work/laptop", "$work/desktop", "$work/share"
 $null = New-Item $share, "$work/transcripts" -ItemType Directory
 $null = Set-Content "$work/transcripts/a1b2.jsonl" ('{"type":"user","uuid":"u1","timestamp":"2026-11-27T09:00:00Z","cwd":"/home/alice/web-api","message":{"content":"Add a retry budget"}}', '{"type":"user","uuid":"u2","timestamp":"2026-11-27T09:01:00Z","cwd":"/home/alice/web-api","message":{"content":"And test it"}}')
 $null = Import-ArchiveSession "$work/transcripts" -ArchivePath $laptop
 $null = Invoke-ArtifactSync $share -Initialize -OriginId laptop-1a2b3c -ArchivePath $laptop
 $null = Invoke-ArtifactSync $share -Initialize -OriginId desktop-4d5e6f -ArchivePath $desktop
Get-ArchiveSession -ArchivePath $laptop | Set-ArchiveSession -DisplayName 'Retry budget'
Get-ArchiveSession -ArchivePath $desktop | Set-ArchiveSession -DisplayName 'Retries of the web API' -Starred $true
# Each exchanges with the share; the laptop once more, to learn what the desktop said.
Invoke-ArtifactSync $share -ArchivePath $laptop | Format-List Status, Counters
Invoke-ArtifactSync $share -ArchivePath $desktop | Format-List Status, Counters
Invoke-ArtifactSync $share -ArchivePath $laptop | Format-List Status, Counters
# The later edit won on both, and both list the one that lost.
Get-MetaConflict -ArchivePath $laptop | Format-Table
Get-MetaConflict -ArchivePath $desktop | Format-Table
Get-ArchiveSession -ArchivePath $laptop | Format-Table
# Someone on the laptop decides for its title. That is a new edit, so the decision travels.
Get-MetaConflict -ArchivePath $laptop -Unresolved | Resolve-MetaConflict -Accept Loser -Note 'shorter' -WhatIf
Get-MetaConflict -ArchivePath $laptop -Unresolved | Resolve-MetaConflict -Accept Loser -Note 'shorter' | Format-List Resolution, ResolvedBy, Note
Invoke-ArtifactSync $share -ArchivePath $laptop | Format-List Status, Counters
Invoke-ArtifactSync $share -ArchivePath $desktop | Format-List Status, Counters
# Both show the same title, and nothing is open on either. The edit that settled it is logged, too, as settled.
Get-ArchiveSession -ArchivePath $desktop | Format-Table
Get-MetaConflict -ArchivePath $desktop | Format-Table
@(Get-MetaConflict -ArchivePath $laptop -Unresolved).Count + @(Get-MetaConflict -ArchivePath $desktop -Unresolved).Count
