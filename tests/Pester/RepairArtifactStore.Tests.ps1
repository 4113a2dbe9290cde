BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
}

Describe 'Repair-ArtifactStore' {
    BeforeEach { $box = New-SyncedBox }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'takes findings from the pipeline and fetches good copies' {
        $good = (Get-FileHash (Get-StoreFile $box segments)).Hash
        $null = Edit-Byte $box segments
        $done = Test-ArtifactStore | Repair-ArtifactStore -Target $box.Share
        $done.Action | Should -Be 'Refetched'
        (Get-FileHash (Get-StoreFile $box segments)).Hash | Should -Be $good
        Test-ArtifactStore | Should -BeNullOrEmpty
        ($done | Get-SyncRun).Kind | Should -Be 'Repair'
    }

    It 'makes own artifacts again without any target' {
        $null = Edit-Byte $box manifests
        $null = Edit-Byte $box checkpoints
        (Repair-ArtifactStore -Confirm:$false).Action | Sort-Object -Unique | Should -Be 'Republished'
        Test-ArtifactStore | Should -BeNullOrEmpty
        (Invoke-ArtifactSync $box.Share).Counters.Sent | Should -Be 0
    }

    It 'heals a target with what the archive has' {
        $null = Edit-Byte $box segments -Share
        (Test-ArtifactStore -Target $box.Share | Repair-ArtifactStore).Action | Should -Be 'Republished'
        Test-ArtifactStore -Target $box.Share | Should -BeNullOrEmpty
    }

    It 'does nothing where nothing was found' {
        Test-ArtifactStore | Repair-ArtifactStore -Target $box.Share | Should -BeNullOrEmpty
        @(Get-SyncRun -Kind Repair).Count | Should -Be 0
    }

    It 'plans under -WhatIf and writes nothing' {
        $null = Edit-Byte $box segments
        $before = Get-TreeState $box.Root
        $planned = Repair-ArtifactStore -Target $box.Share -WhatIf
        $planned.Action | Should -Be 'Planned'
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'reports what it has to leave as an error beside its object' {
        Set-Content "$($box.Share)/$((Get-ChildItem $box.Share -Directory).Name)/segments/notes.txt" x
        $found = Test-ArtifactStore -Target $box.Share
        $left = Repair-ArtifactStore -InputObject $found -ErrorVariable failure -ErrorAction SilentlyContinue
        $left.Action | Should -Be 'Left'
        Assert-Error $failure InvalidArtifactName RepairArtifactStoreCommand InvalidArgument $found.Name
    }
}
