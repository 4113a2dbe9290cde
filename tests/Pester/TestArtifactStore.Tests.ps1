BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
}

Describe 'Test-ArtifactStore' {
    BeforeEach { $box = New-SyncedBox }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'is quiet when all is sound, with a run in the ledger' {
        Test-ArtifactStore | Should -BeNullOrEmpty
        Test-ArtifactStore -Quick | Should -BeNullOrEmpty
        Test-ArtifactStore -Target $box.Share | Should -BeNullOrEmpty
        $box.Share | Test-ArtifactStore | Should -BeNullOrEmpty
        $run = Get-SyncRun -Kind Verify -Last 1
        $run.Status | Should -Be 'Succeeded'
        $run.Counters.Verified | Should -BeGreaterThan 0
    }

    It 'names each problem once and changes nothing' {
        $segment = Edit-Byte $box segments
        Remove-Item (Get-StoreFile $box manifests)
        Set-Content "$($box.Archive)/artifacts/strange" x
        $files = Get-TreeState "$($box.Archive)/artifacts"
        $found = Test-ArtifactStore
        $found[0].PSObject.TypeNames | Should -Contain 'ArtifactSync.Model.ArtifactFinding'
        "$($found.Problem.ForEach({ "$_" }) | Sort-Object)" | Should -Be 'Damaged Missing Stray'
        $found.Where{ $_.Problem -eq 'Damaged' }.Name | Should -Be (Split-Path $segment -Leaf)
        $found.ErrorCode | Should -Not -Contain $null
        $found.RecommendedAction | Should -Not -Contain $null
        Get-TreeState "$($box.Archive)/artifacts" | Should -Be $files
        $run = $found[0] | Get-SyncRun -IncludeEntity
        $run.Status | Should -Be 'Partial'
        @($run.Entities).Count | Should -Be 3
    }

    It 'reads no content with -Quick' {
        $null = Edit-Byte $box segments
        Test-ArtifactStore -Quick | Should -BeNullOrEmpty
        @(Test-ArtifactStore).Count | Should -Be 1
    }

    It 'looks at a target, which may be a folder object' {
        $null = Edit-Byte $box segments -Share
        $found = Get-Item $box.Share | Test-ArtifactStore
        $found.Target | Should -Be $box.Share
        $found.Problem | Should -Be 'Damaged'
        $failure = Get-Failure { Test-ArtifactStore -Target (Get-BadTarget x) }
        Assert-Error $failure TargetNotFound TestArtifactStoreCommand ObjectNotFound (Get-BadTarget x)
    }

    It 'shows a table, also after remoting' {
        $null = Edit-Byte $box segments
        $found = Test-ArtifactStore
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($found))
        ($there | Format-Table | Out-String -Width 200) | Should -Be ($found | Format-Table | Out-String -Width 200)
    }
}
