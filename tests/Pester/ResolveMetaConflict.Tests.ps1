BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Resolve-MetaConflict' {
    BeforeEach {
        $box = New-ConflictPair
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        $id = (Get-MetaConflict).ConflictId
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'says again what lost, and settles the conflict on both machines' {
        $conflict = Resolve-MetaConflict -ConflictId $id -Accept Loser -Note 'alpha names sessions'
        $conflict.ConflictId | Should -Be $id
        $conflict.Resolved | Should -BeTrue
        "$($conflict.Resolution)", $conflict.Note | Should -Be Loser, 'alpha names sessions'
        $conflict.ResolvedBy | Should -BeLike '*?@?*'
        $conflict.ResolvedAt | Should -BeGreaterThan ([datetimeoffset]::Now.AddMinutes(-5))
        (Get-ArchiveSession a).DisplayName | Should -Be 'by alpha'
        Sync-Pair $box
        foreach ($archive in $box.Archive, $box.Other) {
            $session = Get-ArchiveSession -ArchivePath $archive
            $session.DisplayName, $session.HasConflict | Should -Be 'by alpha', $false
            Get-MetaConflict -Unresolved -ArchivePath $archive | Should -BeNullOrEmpty
            @(Get-MetaConflict -ArchivePath $archive).Count | Should -BeGreaterOrEqual 1
        }
        (Get-MetaConflict -ArchivePath $box.Other)[-1].ResolvedBy | Should -Be alpha-0a1b2c
    }

    It 'settles for the winner in this archive alone' {
        $files = @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count
        $conflict = Get-MetaConflict | Resolve-MetaConflict -Accept Winner
        $conflict.Resolved, "$($conflict.Resolution)" | Should -Be $true, Winner
        (Get-ArchiveSession a).HasConflict | Should -BeFalse
        (Get-ArchiveSession a).DisplayName | Should -Be 'by bravo'
        @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count | Should -Be $files
        Sync-Pair $box
        Get-MetaConflict -Unresolved | Should -BeNullOrEmpty
        @(Get-MetaConflict -Unresolved -ArchivePath $box.Other).Count | Should -Be 1
    }

    It 'changes its mind from winner to loser, but not back' {
        $null = Resolve-MetaConflict $id -Accept Winner
        $null = Resolve-MetaConflict $id -Accept Loser
        (Get-ArchiveSession a).DisplayName | Should -Be 'by alpha'
        Resolve-MetaConflict $id -Accept Winner -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ConflictSettled ResolveMetaConflictCommand InvalidOperation $id
        (Get-ArchiveSession a).DisplayName | Should -Be 'by alpha'
    }

    It 'is done at once when asked again' {
        $null = Resolve-MetaConflict $id -Accept Loser
        $files = @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count
        (Resolve-MetaConflict $id -Accept Loser).Resolved | Should -BeTrue
        @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count | Should -Be $files
    }

    It 'reports a number that does not exist and settles the others' {
        $conflict = 999, $id | Resolve-MetaConflict -Accept Loser -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ConflictNotFound ResolveMetaConflictCommand ObjectNotFound 999
        $conflict.ConflictId | Should -Be $id
    }

    It 'reports a session that is gone' {
        Remove-ArchiveSession a
        Resolve-MetaConflict $id -Accept Loser -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound ResolveMetaConflictCommand ObjectNotFound a
        (Get-MetaConflict).Resolved | Should -BeFalse
    }

    It 'needs -Accept to be Winner or Loser' {
        { Resolve-MetaConflict $id -Accept Both } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage,*'
    }

    It 'writes nothing with -WhatIf and says what would be done' {
        $before = Get-TreeState $box.Root
        Get-WhatIf { Get-MetaConflict | Where-Object LosingOrigin -Like 'alpha-*' | Resolve-MetaConflict -Accept Loser -WhatIf } |
            Should -Be "Set 'by alpha' of alpha-0a1b2c again, on every machine on a display_name"
        Get-WhatIf { Resolve-MetaConflict $id -Accept Winner -WhatIf } |
            Should -Be "Keep 'by bravo' of bravo-3d4e5f, in this archive alone on a display_name"
        Resolve-MetaConflict $id -Accept Loser -WhatIf | Should -BeNullOrEmpty
        Resolve-MetaConflict 999 -Accept Loser -WhatIf -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure ConflictNotFound ResolveMetaConflictCommand ObjectNotFound 999
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'asks only when told to' {
        (Invoke-Script "Resolve-MetaConflict $id -Accept Winner -ArchivePath '$($box.Archive)' -Confirm").Output | Should -Match NonInteractive
        (Get-MetaConflict).Resolved | Should -BeFalse
        $null = Resolve-MetaConflict $id -Accept Winner -Confirm:$false
        (Get-MetaConflict).Resolved | Should -BeTrue
    }

    It 'settles conflicts of several archives in one pipeline' {
        $conflicts = (Get-MetaConflict), (Get-MetaConflict -ArchivePath $box.Other)
        ($conflicts | Resolve-MetaConflict -Accept Winner).ArchivePath | Should -Be $box.Archive, $box.Other
        Get-MetaConflict -Unresolved -ArchivePath $box.Other | Should -BeNullOrEmpty
    }

    It 'takes the lost pin again' {
        Add-SessionPin a 1 -Note 'of alpha'
        Add-SessionPin alpha-0a1b2c~a 1 -Note 'of bravo' -ArchivePath $box.Other
        Sync-Pair $box
        $null = Get-MetaConflict -Field pin:* -ArchivePath $box.Other | Resolve-MetaConflict -Accept Loser
        Sync-Pair $box
        "$((Get-ArchiveSession a).Pins)" | Should -Be '#1 of alpha'
        Get-MetaConflict -Field pin:* -Unresolved | Should -BeNullOrEmpty
    }

    It 'shows who settled in the table' {
        Resolve-MetaConflict $id -Accept Loser | Format-Table | Out-String -Width 200 | Should -Match '\sLoser\s+a'
        Assert-View (Get-MetaConflict)
    }

    It 'completes numbers of open conflicts and the two choices' {
        $found = Get-Completion 'Resolve-MetaConflict -ConflictId '
        $found.CompletionText | Should -Be "$id"
        $found.ToolTip | Should -Be 'a display_name: by bravo / by alpha'
        (Get-Completion 'Resolve-MetaConflict -Accept ').CompletionText | Should -Be Loser, Winner
        $null = Resolve-MetaConflict $id -Accept Winner
        @(Get-Completion 'Resolve-MetaConflict -ConflictId ').Where{ $_.ResultType -eq 'ParameterValue' } | Should -BeNullOrEmpty
    }
}
