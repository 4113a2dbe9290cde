BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
}

Describe 'Remove-QuarantinedArtifact' {
    BeforeEach {
        $box = New-SyncedBox
        $null = Edit-Byte $box segments
        $null = Repair-ArtifactStore -Target $box.Share
        $artifact = Get-QuarantinedArtifact
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'removes content and verdict' {
        $before = Get-TreeState $box.Root
        ($artifact | Remove-QuarantinedArtifact -WhatIf).Status | Should -Be 'Planned'
        Get-TreeState $box.Root | Should -Be $before
        (Get-QuarantinedArtifact | Remove-QuarantinedArtifact -Confirm:$false).Status | Should -Be 'Removed'
        Test-Path $artifact.Path | Should -BeFalse
        Get-QuarantinedArtifact | Should -BeNullOrEmpty
    }

    It 'is of high impact, and reports a number that does not exist' {
        (Get-Command Remove-QuarantinedArtifact).ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false).ConfirmImpact | Should -Be 'High'
        $null = Remove-QuarantinedArtifact 999 -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ArtifactNotFound RemoveQuarantinedArtifactCommand ObjectNotFound 999
    }
}
