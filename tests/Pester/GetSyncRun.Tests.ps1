BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-Transcript "$($box.Transcripts)/a.jsonl"
    $null = Import-ArchiveSession $box.Transcripts
    $exchange = Invoke-ArtifactSync $box.Share -Initialize
    $failed = Invoke-ArtifactSync (Get-BadTarget a), (Get-BadTarget b) -ErrorAction SilentlyContinue
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-SyncRun' {
    It 'returns all runs, the newest first' {
        $runs = Get-SyncRun
        @($runs).Count | Should -Be 4
        $runs[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SyncRun'
        $runs.StartedAt | Should -Be ($runs.StartedAt | Sort-Object -Descending)
    }

    It 'finds a run by id, by parameter and by pipeline' {
        (Get-SyncRun -RunId $exchange.RunId).Target | Should -Be $box.Share
        (Get-SyncRun $exchange.RunId).RunId | Should -Be $exchange.RunId
        ($exchange | Get-SyncRun).RunId | Should -Be $exchange.RunId
        ($exchange.RunId | Get-SyncRun).RunId | Should -Be $exchange.RunId
    }

    It 'reports an id that does not exist and returns the others' {
        $run = Get-SyncRun nowhere, $exchange.RunId -ErrorAction SilentlyContinue -ErrorVariable failure
        $run.RunId | Should -Be $exchange.RunId
        Assert-Error $failure RunNotFound GetSyncRunCommand ObjectNotFound nowhere
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'last'; Filter = @{ Last = 1 }; Count = 1 }
        @{ Name = 'kind'; Filter = @{ Kind = 'Import' }; Count = 1 }
        @{ Name = 'several kinds'; Filter = @{ Kind = 'Import', 'Exchange' }; Count = 4 }
        @{ Name = 'status'; Filter = @{ Status = 'Failed' }; Count = 2 }
        @{ Name = 'status and kind'; Filter = @{ Status = 'Failed'; Kind = 'Import' }; Count = 0 }
        @{ Name = 'age'; Filter = @{ Since = '1h' }; Count = 4 }
        @{ Name = 'date'; Filter = @{ Since = [datetime]::Now.AddMinutes(5) }; Count = 0 }
        @{ Name = 'end'; Filter = @{ Until = '1h' }; Count = 0 }
        @{ Name = 'span'; Filter = @{ Since = [timespan]'01:00:00'; Until = [datetimeoffset]::Now.AddHours(1) }; Count = 4 }
    ) {
        @(Get-SyncRun @Filter).Count | Should -Be $Count
    }

    It 'reads 7d as typed and refuses a bare number' {
        @(Get-SyncRun -Since 7d).Count | Should -Be 4
        { Get-SyncRun -Since 7 } | Should -Throw '*no point in time*'
        $splat = @{ Since = 7d }
        { Get-SyncRun @splat } | Should -Throw '*no point in time*'
    }

    It 'fills Entities only when asked' {
        $run = Get-SyncRun -RunId $exchange.RunId
        @($run.Entities).Count | Should -Be 0
        $run = Get-SyncRun -RunId $exchange.RunId -IncludeEntity
        @($run.Entities).Count | Should -BeGreaterThan 0
        $run.Entities[0].RunId | Should -Be $exchange.RunId
    }

    It 'lists what can be retried, for the retry to take' {
        $runs = Get-SyncRun -Retryable
        $runs.RunId | Sort-Object | Should -Be ($failed.RunId | Sort-Object)
    }

    It 'stops after the first without leaving anything open' {
        $failure = $null
        (Get-SyncRun -ErrorVariable failure | Select-Object -First 1).RunId | Should -Not -BeNullOrEmpty
        $failure | Should -BeNullOrEmpty
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
    }

    It 'writes nothing' {
        $before = Get-TreeState $box.Root
        $null = Get-SyncRun -IncludeEntity
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'shows a table and a list, also after remoting' {
        $run = Get-SyncRun -RunId $exchange.RunId -IncludeEntity
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($run))
        $there.PSObject.TypeNames[0] | Should -Be 'Deserialized.ArtifactSync.Model.SyncRun'
        foreach ($object in $run, $there) {
            $object | Format-Table | Out-String -Width 200 | Should -Match '\d{4}-\d\d-\d\d \d\d:\d\d Exchange\s+Succeeded\s+[\d.]+ [KM]?i?B'
            $object | Format-List | Out-String -Width 200 | Should -Match 'RunId\s+: \S+'
        }
        ($there | Format-List | Out-String) | Should -Be ($run | Format-List | Out-String)
    }

    It 'converts to JSON without a warning' {
        $list = Get-SyncRun | ConvertTo-Json -WarningVariable warnings | ConvertFrom-Json
        $warnings | Should -BeNullOrEmpty
        @($list).Count | Should -Be 4
        $one = Get-SyncRun -RunId $exchange.RunId -IncludeEntity | ConvertTo-Json -WarningVariable warnings | ConvertFrom-Json
        $warnings | Should -BeNullOrEmpty
        $one.Entities[0].RunId | Should -Be $exchange.RunId
    }

    It 'completes run ids' {
        $line = "Get-SyncRun -RunId "
        $texts = (Get-Completion $line).CompletionText
        $texts | Should -Contain $exchange.RunId
        @($texts).Count | Should -Be 4
        $line = "Invoke-ArtifactSync -RetryFailed -RunId "
        $texts = (Get-Completion $line).CompletionText
        $texts | Sort-Object | Should -Be ($failed.RunId | Sort-Object)
    }

    It 'completes nothing, silently, where there is no archive' {
        $line = "Get-SyncRun -ArchivePath $($box.Root)/nothing -RunId x"
        $found = Get-Completion $line
        @($found).Where{ $_.ResultType -eq 'ParameterValue' } | Should -BeNullOrEmpty
        Test-Path "$($box.Root)/nothing" | Should -BeFalse
    }
}
