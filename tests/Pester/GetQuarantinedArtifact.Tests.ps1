BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Retention.ps1
    $box = New-SyncedBox
    $null = Edit-Byte $box segments
    $null = Repair-ArtifactStore -Target $box.Share
    $origin = (Get-ChildItem $box.Share -Directory).Name
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-QuarantinedArtifact' {
    It 'lists reason, origin and time' {
        $found = Get-QuarantinedArtifact
        @($found).Count | Should -Be 1
        $found.Origin | Should -Be $origin
        $found.Kind | Should -Be 'Segments'
        $found.ErrorCode | Should -Be 'ArtifactCorrupt'
        $found.Reason | Should -Not -BeNullOrEmpty
        ([datetimeoffset]::Now - $found.QuarantinedAt).TotalMinutes | Should -BeLessThan 5
        Test-Path $found.Path | Should -BeTrue
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'kind'; Filter = @{ Kind = 'Segments' }; Count = 1 }
        @{ Name = 'another kind'; Filter = @{ Kind = 'Meta' }; Count = 0 }
        @{ Name = 'origin'; Filter = @{ Origin = '*' }; Count = 1 }
        @{ Name = 'another origin'; Filter = @{ Origin = 'nobody*' }; Count = 0 }
        @{ Name = 'age'; Filter = @{ Since = '1h' }; Count = 1 }
        @{ Name = 'end'; Filter = @{ Until = '1h' }; Count = 0 }
    ) {
        @(Get-QuarantinedArtifact @Filter).Count | Should -Be $Count
    }

    It 'finds one by its number, by parameter and by pipeline' {
        $id = (Get-QuarantinedArtifact).ArtifactId
        (Get-QuarantinedArtifact -ArtifactId $id).ArtifactId | Should -Be $id
        ($id | Get-QuarantinedArtifact).ArtifactId | Should -Be $id
        (Get-QuarantinedArtifact | Get-QuarantinedArtifact).ArtifactId | Should -Be $id
        $null = Get-QuarantinedArtifact 999 -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ArtifactNotFound GetQuarantinedArtifactCommand ObjectNotFound 999
    }

    It 'completes numbers' { (Get-Completion 'Get-QuarantinedArtifact -ArtifactId ').CompletionText | Should -Contain "$((Get-QuarantinedArtifact).ArtifactId)" }

    It 'shows a table, also after remoting' {
        $found = Get-QuarantinedArtifact
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($found))
        ($there | Format-Table | Out-String -Width 200) | Should -Be ($found | Format-Table | Out-String -Width 200)
    }
}
