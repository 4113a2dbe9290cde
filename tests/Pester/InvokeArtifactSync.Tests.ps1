BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Invoke-ArtifactSync' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-Transcript "$($box.Transcripts)/a.jsonl" -Text 'First session'
        $null = Import-ArchiveSession $box.Transcripts
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'brings the sessions of one machine to another' {
        $run = Invoke-ArtifactSync -Target $box.Share -Initialize -OriginId laptop-1a2b3c
        $run.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncRun'
        $run.Status | Should -Be Succeeded
        $run.Target | Should -Be $box.Share
        $run.Counters.Published | Should -Be 1
        $run.Counters.Sent | Should -BeGreaterThan 2
        $run = Invoke-ArtifactSync -Target $box.Share -Initialize -OriginId desk-4d5e6f -ArchivePath $box.Other
        $run.Counters.ImportedSessions | Should -Be 1
        $session = Get-ArchiveSession -ArchivePath $box.Other -IncludeMessage
        $session.Origin | Should -Be laptop-1a2b3c
        $session.IsOwn | Should -BeFalse
        $session.Messages.Content | Should -Be 'First session (0)', 'Done: First session'
    }

    It 'takes text, Uri and folder objects as targets, and emits one run a target' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $second = New-Item "$($box.Root)/second" -ItemType Directory
        $runs = $box.Share, $second, [uri]"file://$($box.Share)" | Invoke-ArtifactSync
        $runs.Target | Should -Be $box.Share, $second.FullName, $box.Share
        $runs.Status | Should -Be Succeeded, Succeeded, Succeeded
    }

    It 'does not take a run object for a folder' {
        $run = Invoke-ArtifactSync $box.Share -Initialize
        $before = Get-TreeState $box.Root
        { $run | Invoke-ArtifactSync } | Should -Throw '*-RetryFailed*'
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'resolves targets from the current location' {
        Push-Location $box.Root
        try { (Invoke-ArtifactSync ./share -Initialize -ArchivePath ./archive).Target | Should -Be $box.Share }
        finally { Pop-Location }
    }

    It 'exchanges with a folder named with [brackets]' {
        $odd = [System.IO.Directory]::CreateDirectory("$($box.Root)/share [a] 'b'").FullName
        (Invoke-ArtifactSync $odd -Initialize).Status | Should -Be Succeeded
        @(Get-ChildItem -LiteralPath $odd).Count | Should -BeGreaterThan 0
    }

    It 'imports -Path first, literal names before wildcards' {
        New-Transcript "$($box.Root)/more [x]/b.jsonl"
        New-Transcript "$($box.Root)/even/c1.jsonl"
        $run = Invoke-ArtifactSync $box.Share -Initialize -Path "$($box.Root)/more [x]", "$($box.Root)/even/c*.jsonl"
        $run.Counters.FilesImported | Should -Be 2
        @(Get-ArchiveSession).Count | Should -Be 3
    }

    It 'returns a single run that failed, and ends with its error' {
        $missing = Get-BadTarget x
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $runs = [System.Collections.Generic.List[object]]::new()
        $failure = Get-Failure { Invoke-ArtifactSync $missing | ForEach-Object { $runs.Add($_) } }
        Assert-Error $failure TargetUnreachable InvokeArtifactSyncCommand ConnectionError $missing
        $runs.Count | Should -Be 1
        $runs[0].Status | Should -Be Failed
        $runs[0].ErrorCode | Should -Be TargetUnreachable
        $runs[0].RecommendedAction | Should -Not -BeNullOrEmpty
        (Get-SyncRun -Last 1).RunId | Should -Be $runs[0].RunId
    }

    It 'goes on to the next target after one that failed' {
        $missing = Get-BadTarget x
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $runs = Invoke-ArtifactSync $missing, $box.Share -ErrorAction SilentlyContinue -ErrorVariable failure
        $runs.Status | Should -Be Failed, Succeeded
        Assert-Error $failure TargetUnreachable InvokeArtifactSyncCommand ConnectionError $missing
    }

    It 'refuses <Why>' -ForEach @(
        @{ Why = 'a target inside the archive'; Target = { "$($box.Archive)/artifacts" }; Id = 'TargetOverlap'; Category = 'InvalidArgument' }
        @{ Why = 'a file as target'; Target = { "$($box.Transcripts)/a.jsonl" }; Id = 'TargetNotDirectory'; Category = 'InvalidArgument' }
    ) {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $name = & $Target
        $failure = Get-Failure { Invoke-ArtifactSync $name }
        Assert-Error $failure $Id InvokeArtifactSyncCommand $Category $name
    }

    It 'refuses other providers as target' {
        Assert-Error (Get-Failure { Invoke-ArtifactSync Env:PATH }) PathNotFileSystem InvokeArtifactSyncCommand InvalidArgument 'Env:PATH'
    }

    It 'keeps the origin that the archive has' {
        $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId laptop-1a2b3c
        (Invoke-ArtifactSync $box.Share -OriginId laptop-1a2b3c).Status | Should -Be Succeeded
        (Get-Failure { Invoke-ArtifactSync $box.Share -OriginId other-000000 }).FullyQualifiedErrorId |
            Should -Be 'OriginMismatch,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
    }

    It 'reads durations as typed and refuses <Value>' -ForEach @(@{ Value = '7' }, @{ Value = '-1d' }, @{ Value = 'soon' }) {
        $null = Invoke-ArtifactSync $box.Share -Initialize -LockTimeout 7d -ThrottleLimit 2
        { [scriptblock]::Create("Invoke-ArtifactSync '$($box.Share)' -LockTimeout $Value -ArchivePath '$($box.Archive)'").Invoke() } | Should -Throw '*Write 7d*'
        $splat = @{ LockTimeout = 7d }
        { Invoke-ArtifactSync $box.Share @splat } | Should -Throw '*Write 7d*'
    }

    It 'reports with -PreflightOnly and changes nothing at the target' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $null = Import-ArchiveSession $box.Transcripts
        $before = Get-TreeState $box.Share, "$($box.Archive)/artifacts"
        $run = Invoke-ArtifactSync $box.Share -PreflightOnly
        $run.RunId | Should -Not -BeNullOrEmpty
        Get-TreeState $box.Share, "$($box.Archive)/artifacts" | Should -Be $before
    }

    It 'plans with -WhatIf and writes nothing anywhere' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $null = Import-ArchiveSession $box.Transcripts
        New-Transcript "$($box.Transcripts)/c.jsonl"
        $failed = Invoke-ArtifactSync (Get-BadTarget a), (Get-BadTarget b) -ErrorAction SilentlyContinue
        $before = Get-TreeState $box.Root
        $plan = Invoke-ArtifactSync $box.Share -Path $box.Transcripts -Full -WhatIf
        $plan.Status | Should -Be Planned
        $plan.RunId | Should -BeNullOrEmpty
        $null = Invoke-ArtifactSync $box.Share -PreflightOnly -WhatIf
        $null = $failed | Invoke-ArtifactSync -RetryFailed -WhatIf -ErrorAction SilentlyContinue
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'plans for an archive that does not exist without making one' {
        try { $null = Invoke-ArtifactSync $box.Share -Initialize -ArchivePath $box.Other -WhatIf } catch { $_.FullyQualifiedErrorId | Should -Match 'ArchiveNotFound' }
        Test-Path $box.Other | Should -BeFalse
        @(Get-ChildItem $box.Share).Count | Should -Be 0
    }

    It 'obeys -WhatIf:$false' {
        (Invoke-ArtifactSync $box.Share -Initialize -WhatIf:$false).Status | Should -Be Succeeded
    }

    It 'repeats what failed, once it can succeed' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $null = New-Item "$($box.Root)/later" -ItemType SymbolicLink -Target /proc/tty/ldisc
        $never = Get-BadTarget never
        $null = Invoke-ArtifactSync "$($box.Root)/later", $never -ErrorAction SilentlyContinue
        Remove-Item "$($box.Root)/later"
        $null = New-Item "$($box.Root)/later" -ItemType Directory
        $runs = Get-SyncRun -Retryable | Invoke-ArtifactSync -RetryFailed -ErrorAction SilentlyContinue -ErrorVariable failure
        $runs.Where{ $_.Status -eq 'Succeeded' }.Target | Should -Be "$($box.Root)/later"
        Assert-Error $failure TargetUnreachable InvokeArtifactSyncCommand ConnectionError $never
        @(Get-SyncRun -Retryable).Target | Select-Object -Unique | Should -Be $never
    }

    It 'stops at the first error with -ErrorAction Stop' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $failure = Get-Failure { Invoke-ArtifactSync (Get-BadTarget x), $box.Share -ErrorAction Stop }
        $failure.FullyQualifiedErrorId | Should -Be 'TargetUnreachable,ArtifactSync.Cmdlets.InvokeArtifactSyncCommand'
        (Get-SyncRun -Last 1).Target | Should -Be (Get-BadTarget x)
    }

    It 'says with -Verbose what it decides, and shows progress that it takes away again' {
        $shell = [powershell]::Create().AddScript("Import-Module '$ModulePath'; Invoke-ArtifactSync '$($box.Share)' -Initialize -ArchivePath '$($box.Archive)' -Verbose")
        $null = $shell.Invoke()
        $shell.Streams.Verbose.Count | Should -BeGreaterThan 0
        $shell.Streams.Progress.Count | Should -BeGreaterThan 1
        $shell.Streams.Progress[-1].RecordType | Should -Be Completed
        $shell.Dispose()
    }

    It 'does not repeat an import' {
        $import = Get-SyncRun -Kind Import
        Assert-Error (Get-Failure { Invoke-ArtifactSync -RetryFailed -RunId $import.RunId }) InvalidArgument InvokeArtifactSyncCommand InvalidArgument $import.RunId
    }

    It 'takes 1 to 64 for -ThrottleLimit' {
        { Invoke-ArtifactSync $box.Share -ThrottleLimit 0 } | Should -Throw
        { Invoke-ArtifactSync $box.Share -ThrottleLimit 65 } | Should -Throw
    }

    It 'reports a run id that does not exist' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        Assert-Error (Get-Failure { Invoke-ArtifactSync -RetryFailed -RunId nowhere }) RunNotFound InvokeArtifactSyncCommand ObjectNotFound nowhere
    }

    It 'gives no error and leaves nothing open after Select-Object -First 1' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $failure = $null
        @(Invoke-ArtifactSync $box.Share, $box.Share -ErrorVariable failure | Select-Object -First 1).Count | Should -Be 1
        $failure | Should -BeNullOrEmpty
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
    }

    It 'ends within two seconds when it is stopped, and goes on where it was the next time' {
        New-ManyTranscript $box.Transcripts 300
        $null = Invoke-ArtifactSync $box.Share -Initialize
        $script = "Import-Module '$ModulePath'; Invoke-ArtifactSync '$($box.Share)' -Path '$($box.Transcripts)' -ArchivePath '$($box.Archive)'"
        $shell = [powershell]::Create().AddScript($script)
        $pending = $shell.BeginInvoke()
        Wait-Until { $pending.IsCompleted -or @(Get-SyncRun -Status Running).Count }
        $pending.IsCompleted | Should -BeFalse
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 2
        $shell.Streams.Error | Should -BeNullOrEmpty
        $shell.Dispose()
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
        $stopped = Get-SyncRun -Last 1
        $stopped.Status | Should -Be Aborted
        $run = $stopped | Invoke-ArtifactSync -RetryFailed
        $run.Status | Should -Be Succeeded
        $run.ParentRunId | Should -Be $stopped.RunId
        (Invoke-ArtifactSync $box.Share -Initialize -ArchivePath $box.Other).Counters.ImportedSessions | Should -Be 301
    }

    It 'completes targets used before, quoted where needed' {
        $odd = [System.IO.Directory]::CreateDirectory("$($box.Root)/my share").FullName
        $null = Invoke-ArtifactSync $odd -Initialize
        $line = "Invoke-ArtifactSync -ArchivePath $($box.Archive) -Target "
        (Get-Completion $line).CompletionText | Should -Contain "'$odd'"
    }
}

Describe 'Invoke-ArtifactSync under pwsh -File' {
    It 'ends the process with 1 when the only run failed' {
        $box = New-Sandbox
        $run = Invoke-Script @"
`$ErrorActionPreference = 'Stop'
`$null = Invoke-ArtifactSync '$($box.Share)' -Initialize -ArchivePath '$($box.Archive)'
Invoke-ArtifactSync '$(Get-BadTarget x)' -ArchivePath '$($box.Archive)'
'not reached'
"@
        $run.ExitCode | Should -Be 1
        $run.Output | Should -Not -Match 'not reached'
    }
}
