BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
}

Describe 'Reset-ArtifactStore' {
    BeforeEach { $box = New-SyncedBox }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'moves the store aside and makes own artifacts again with the same bytes' {
        $before = Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File | ForEach-Object { "$($_.Name) $((Get-FileHash $_).Hash)" }
        $done = Reset-ArtifactStore -Confirm:$false
        $done[0].Action | Should -Be 'MovedAside'
        Test-Path $done[0].Name | Should -BeTrue
        Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File | ForEach-Object { "$($_.Name) $((Get-FileHash $_).Hash)" } | Should -Be $before
        Test-ArtifactStore | Should -BeNullOrEmpty
        $run = Invoke-ArtifactSync $box.Share
        $run.Status | Should -Be 'Succeeded'
        $run.Counters.Sent | Should -Be 0
    }

    It 'asks before, since it is of high impact, and plans under -WhatIf' {
        (Get-Command Reset-ArtifactStore).ImplementingType.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false).ConfirmImpact | Should -Be 'High'
        $before = Get-TreeState $box.Root
        (Reset-ArtifactStore -WhatIf).Action | Sort-Object -Unique | Should -Be 'Planned'
        Get-TreeState $box.Root | Should -Be $before
    }
}
