BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Remove-StaleArtifact' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-Transcript "$($box.Transcripts)/a.jsonl"
        New-Transcript "$($box.Transcripts)/b.jsonl" -Text 'Another one'
        $null = Import-ArchiveSession $box.Transcripts
        $first = Invoke-ArtifactSync $box.Share -Initialize
        New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 3
        $null = Import-ArchiveSession $box.Transcripts
        $null = Invoke-ArtifactSync $box.Share
        $origin = (Get-ChildItem $box.Share -Directory).Name
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'prints under -WhatIf exactly what the real call removes, and writes nothing' {
        $before = Get-TreeState $box.Root
        $planned = Remove-StaleArtifact -GracePeriod 0 -Target $box.Share -WhatIf
        Get-TreeState $box.Root | Should -Be $before
        $planned.Action | Sort-Object -Unique | Should -Be 'Planned'
        ($planned | Measure-Object Size -Sum).Sum | Should -BeGreaterThan 0
        $removed = Remove-StaleArtifact -GracePeriod 0 -Target $box.Share -Confirm:$false
        $removed.Action | Sort-Object -Unique | Should -Be 'Removed'
        $removed.ForEach{ "$($_.Target) $($_.Origin) $($_.Kind) $($_.Name) $($_.Size) $($_.Reason)" } |
            Should -Be $planned.ForEach{ "$($_.Target) $($_.Origin) $($_.Kind) $($_.Name) $($_.Size) $($_.Reason)" }
        @($removed).Count | Should -Be 6
        foreach ($artifact in $removed.Where{ $_.Target }) {
            Test-Path "$($box.Share)/$origin/$("$($artifact.Kind)".ToLower())/$($artifact.Name)" | Should -BeFalse
        }
        Test-ArtifactStore | Should -BeNullOrEmpty
        Test-ArtifactStore -Target $box.Share | Should -BeNullOrEmpty
        (Invoke-ArtifactSync $box.Share).Counters.Received | Should -Be 0
    }

    It 'keeps what is younger than the grace period' {
        Remove-StaleArtifact -GracePeriod 7d | Should -BeNullOrEmpty
        Remove-StaleArtifact | Should -BeNullOrEmpty
        Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File | ForEach-Object { $_.LastWriteTime = [datetime]::Now.AddDays(-10) }
        @(Remove-StaleArtifact -GracePeriod 7d).Count | Should -Be 3
    }

    It 'refuses a bare number and what is negative, also when splatted' {
        { Remove-StaleArtifact -GracePeriod 7 } | Should -Throw '*no duration*'
        { Remove-StaleArtifact -QuarantineGracePeriod 7 } | Should -Throw '*no duration*'
        { Remove-StaleArtifact -GracePeriod '-1d' } | Should -Throw '*negative*'
        $splat = @{ GracePeriod = 7 }
        { Remove-StaleArtifact @splat } | Should -Throw '*no duration*'
        { Invoke-ArtifactSync $box.Share -GracePeriod 7 } | Should -Throw '*no duration*'
        @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count | Should -BeGreaterThan 5
    }

    It 'takes origins by parameter, wildcard, text and objects from the pipeline' {
        @(Remove-StaleArtifact -GracePeriod 0 -Origin $origin -WhatIf).Count | Should -Be 3
        @($origin | Remove-StaleArtifact -GracePeriod 0 -WhatIf).Count | Should -Be 3
        @(Get-ArchiveSession | Remove-StaleArtifact -GracePeriod 0 -WhatIf).Count | Should -Be 3
        @(Remove-StaleArtifact -GracePeriod 0 -Origin nobody* -WhatIf).Count | Should -Be 0
        @(@() | Remove-StaleArtifact -GracePeriod 0 -WhatIf).Count | Should -Be 0
        $failure = Get-Failure { Remove-StaleArtifact -Origin nobody-000000 -GracePeriod 0 }
        Assert-Error $failure OriginNotFound RemoveStaleArtifactCommand ObjectNotFound $null
    }

    It 'stops at its limits, says so, and goes on' {
        $one = Remove-StaleArtifact -GracePeriod 0 -MaxObjects 1 -WarningVariable said -WarningAction SilentlyContinue
        @($one).Count | Should -Be 1
        $said | Should -Match 'Run the command again'
        @(Remove-StaleArtifact -GracePeriod 0).Count | Should -Be 2
        Remove-StaleArtifact -GracePeriod 0 | Should -BeNullOrEmpty
    }

    It 'records a run with counters, which its objects name' {
        $removed = Remove-StaleArtifact -GracePeriod 0
        $run = $removed[0] | Get-SyncRun
        $run.Kind | Should -Be 'Collect'
        $run.Counters.Collected | Should -Be 3
        $run.Counters.BytesCollected | Should -Be ($removed | Measure-Object Size -Sum).Sum
    }

    It 'refuses a peer, before anything is removed' {
        $failure = Get-Failure { Remove-StaleArtifact -Target 'nonsense://x' -GracePeriod 0 }
        $failure.FullyQualifiedErrorId | Should -BeExactly 'InvalidTarget,ArtifactSync.Cmdlets.RemoveStaleArtifactCommand'
        @(Remove-StaleArtifact -GracePeriod 0 -WhatIf).Count | Should -Be 3
    }

    It 'happens by itself after an exchange, unless told not to' {
        (Invoke-ArtifactSync $box.Share -GracePeriod 0 -NoCollect).Counters.Collected | Should -Be 0
        (Invoke-ArtifactSync $box.Share -GracePeriod 1h).Counters.Collected | Should -Be 0
        (Invoke-ArtifactSync $box.Share -GracePeriod 0).Counters.Collected | Should -Be 6
    }

    It 'shows a table, also after remoting, and converts to JSON' {
        $planned = Remove-StaleArtifact -GracePeriod 0 -WhatIf
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($planned))
        ($there | Format-Table | Out-String -Width 200) | Should -Be ($planned | Format-Table | Out-String -Width 200)
        $null = $planned | ConvertTo-Json -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'completes targets and origins' {
        (Get-Completion 'Remove-StaleArtifact -Target ').CompletionText | Should -Contain $box.Share
        (Get-Completion 'Remove-StaleArtifact -Origin ').CompletionText | Should -Contain $origin
    }
}
