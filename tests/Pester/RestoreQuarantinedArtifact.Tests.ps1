BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
}

Describe 'Restore-QuarantinedArtifact' {
    BeforeEach {
        $box = New-SyncedBox
        $file = Edit-Byte $box segments
        $null = Repair-ArtifactStore -Target $box.Share
        $artifact = Get-QuarantinedArtifact
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'takes back what passes the check' {
        # Somebody mended the file by hand.
        Copy-Item (Get-StoreFile $box segments -Share) $artifact.Path
        $before = Get-TreeState $box.Root
        ($artifact | Restore-QuarantinedArtifact -WhatIf).Status | Should -Be 'Planned'
        Get-TreeState $box.Root | Should -Be $before
        ($artifact | Restore-QuarantinedArtifact).Status | Should -Be 'Restored'
        Get-QuarantinedArtifact | Should -BeNullOrEmpty
        Test-Path $artifact.Path | Should -BeFalse
        Test-ArtifactStore | Should -BeNullOrEmpty
    }

    It 'leaves what is damaged where it is' {
        $failure = $null
        Restore-QuarantinedArtifact $artifact.ArtifactId -ErrorVariable failure -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -Match '^(ArtifactCorrupt|HashMismatch),ArtifactSync.Cmdlets.RestoreQuarantinedArtifactCommand$'
        @(Get-QuarantinedArtifact).Count | Should -Be 1
    }

    It 'reports a number that does not exist' {
        $null = Restore-QuarantinedArtifact 999 -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ArtifactNotFound RestoreQuarantinedArtifactCommand ObjectNotFound 999
    }
}
