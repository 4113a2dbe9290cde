BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-ConflictPair
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    Add-SessionPin a 1 -Note 'of alpha'
    Add-SessionPin alpha-0a1b2c~a 1 -Note 'of bravo' -ArchivePath $box.Other
    Sync-Pair $box
    $all = Get-MetaConflict
    $there = Get-MetaConflict -ArchivePath $box.Other
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-MetaConflict' {
    It 'lists on both machines what lost, the last met first' {
        foreach ($list in $all, $there) {
            $list.Field | Should -Be 'pin:ordinal:1', 'display_name'
            $list.WinningValue | Should -Be '#1 of bravo', 'by bravo'
            $list.LosingValue | Should -Be '#1 of alpha', 'by alpha'
        }
        $all.SessionId | Should -Be a, a
        $there.SessionId | Should -Be 'alpha-0a1b2c~a', 'alpha-0a1b2c~a'
        $all.ArchivePath | Should -Be $box.Archive, $box.Archive
    }

    It 'tells both edits with origin, clock and time' {
        $conflict = $all[1]
        $conflict.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.MetaConflict'
        $conflict.WinningOrigin, $conflict.LosingOrigin | Should -Be bravo-3d4e5f, alpha-0a1b2c
        $conflict.WinningOp, $conflict.LosingOp | Should -Be rename, rename
        $conflict.WinningHlc | Should -BeGreaterThan $conflict.LosingHlc
        $conflict.WinningAt | Should -BeGreaterThan $conflict.LosingAt
        $conflict.DetectedAt | Should -BeGreaterOrEqual $conflict.LosingAt
        $conflict.SessionName | Should -Be 'by bravo'
        $conflict.Resolved, $conflict.Resolution, $conflict.ResolvedAt, $conflict.ResolvedBy | Should -Be $false, $null, $null, $null
        $conflict.WinningHlc | Should -Be $there[1].WinningHlc
    }

    It 'finds those of a session, by parameter and by pipeline' {
        @(Get-MetaConflict -SessionId a).Count | Should -Be 2
        @(Get-MetaConflict -Id a, nowhere).Count | Should -Be 2
        @(Get-MetaConflict nowhere).Count | Should -Be 0
        @('a' | Get-MetaConflict).Count | Should -Be 2
        @(Get-ArchiveSession a | Get-MetaConflict).Count | Should -Be 2
        @((Get-ArchiveSession a), (Get-ArchiveSession -ArchivePath $box.Other) | Get-MetaConflict).Count | Should -Be 4
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'field'; Filter = @{ Field = 'display_name' }; Count = 1 }
        @{ Name = 'pattern of fields'; Filter = @{ Field = 'pin:*' }; Count = 1 }
        @{ Name = 'other field'; Filter = @{ Field = 'starred' }; Count = 0 }
        @{ Name = 'winner'; Filter = @{ Origin = 'bravo-*' }; Count = 2 }
        @{ Name = 'loser'; Filter = @{ Origin = 'alpha-0a1b2c' }; Count = 2 }
        @{ Name = 'other origin'; Filter = @{ Origin = 'zulu-*' }; Count = 0 }
        @{ Name = 'age'; Filter = @{ Since = '1h' }; Count = 2 }
        @{ Name = 'date'; Filter = @{ Since = [datetime]::Now.AddMinutes(5) }; Count = 0 }
        @{ Name = 'open'; Filter = @{ Unresolved = $true }; Count = 2 }
        @{ Name = 'all together'; Filter = @{ SessionId = 'a'; Field = 'd*'; Origin = '*'; Since = '1d'; Unresolved = $true }; Count = 1 }
    ) {
        @(Get-MetaConflict @Filter).Count | Should -Be $Count
    }

    It 'refuses <Value> as a moment' -ForEach @{ Value = '7' }, @{ Value = 'soon' } {
        { Get-MetaConflict -Since $Value } | Should -Throw '*no point in time*'
    }

    It 'stops after the first without leaving anything open' {
        (Get-MetaConflict -ErrorVariable failure | Select-Object -First 1).Field | Should -Be 'pin:ordinal:1'
        $failure | Should -BeNullOrEmpty
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
    }

    It 'writes nothing' {
        $before = Get-TreeState $box.Root
        $null = Get-MetaConflict -Unresolved
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'shows a table with both values, also after remoting, and converts to JSON without a warning' {
        Assert-View $all
        $all | Format-Table | Out-String -Width 200 | Should -Match 'display_name by bravo \(bravo-3d4e5f\)\s+by alpha \(alpha-0a1b2c\)\s+a'
        ($all[1] | ConvertTo-Json | ConvertFrom-Json).LosingValue | Should -Be 'by alpha'
    }

    It 'marks sessions with an open conflict' {
        (Get-ArchiveSession a).HasConflict | Should -BeTrue
        (Get-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other).HasConflict | Should -BeTrue
    }

    It 'completes <Parameter>' -ForEach @(
        @{ Parameter = 'SessionId'; Values = @('a') }
        @{ Parameter = 'Field'; Values = 'display_name', 'pin:ordinal:1' }
        @{ Parameter = 'Origin'; Values = 'alpha-0a1b2c', 'bravo-3d4e5f' }
    ) {
        (Get-Completion "Get-MetaConflict -$Parameter ").ListItemText | Sort-Object | Should -Be $Values
    }
}
