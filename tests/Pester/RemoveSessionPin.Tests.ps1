BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Remove-SessionPin' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        'a', 'b' | ForEach-Object { New-Transcript "$($box.Transcripts)/$_.jsonl" -Exchanges 3 }
        $null = Import-ArchiveSession $box.Transcripts
        Add-SessionPin a, b -Ordinal 1, 3 -Note x
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'takes a pin off and leaves the others' {
        Remove-SessionPin -Id a -Ordinal 1 | Should -BeNullOrEmpty
        (Get-ArchiveSession a).Pins.Ordinal | Should -Be 3
        $session = Remove-SessionPin a 3 -PassThru
        @($session.Pins).Count | Should -Be 0
        (Get-ArchiveSession b).Pins.Ordinal | Should -Be 1, 3
    }

    It 'takes pins, messages and whole sessions with an ordinal from the pipeline' {
        (Get-ArchiveSession a).Pins | Remove-SessionPin
        @((Get-ArchiveSession a).Pins).Count | Should -Be 0
        (Get-ArchiveSession b -IncludeMessage).Messages | Where-Object Ordinal -LT 2 | Remove-SessionPin
        (Get-ArchiveSession b).Pins.Ordinal | Should -Be 3
        Get-ArchiveSession | Remove-SessionPin -Ordinal 3
        @((Get-ArchiveSession b).Pins).Count | Should -Be 0
    }

    It 'leaves a message without a pin as it is, without an error' {
        (Remove-SessionPin a -Ordinal 0, 99 -PassThru -ErrorAction Stop).Pins.Ordinal | Should -Be 1, 3
    }

    It 'reports a session that does not exist and goes on' {
        'nowhere', 'a' | Remove-SessionPin -Ordinal 1, 3 -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound RemoveSessionPinCommand ObjectNotFound nowhere
        @((Get-ArchiveSession a).Pins).Count | Should -Be 0
    }

    It 'writes nothing with -WhatIf and says what would change, and only that' {
        $before = Get-TreeState $box.Root
        Get-WhatIf { Remove-SessionPin a, b -Ordinal 0, 1, 3 -WhatIf } | Should -Be 'Unpin message 1, Unpin message 3 on a', 'Unpin message 1, Unpin message 3 on b'
        Get-WhatIf { Remove-SessionPin a -Ordinal 0 -WhatIf } | Should -BeNullOrEmpty
        Remove-SessionPin a 1 -WhatIf -PassThru | Should -BeNullOrEmpty
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'asks only when told to' {
        Remove-SessionPin a 1 -Confirm:$false
        (Invoke-Script "Remove-SessionPin a 3 -ArchivePath '$($box.Archive)' -Confirm").Output | Should -Match NonInteractive
        (Get-ArchiveSession a).Pins.Ordinal | Should -Be 3
    }

    It 'unpins on the other machine, whoever pinned' {
        $box = New-Pair
        Add-SessionPin a -Ordinal 0, 2 -ArchivePath $box.Archive
        Sync-Pair $box
        (Get-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other).Pins[0] | Remove-SessionPin
        Sync-Pair $box
        (Get-ArchiveSession a -ArchivePath $box.Archive).Pins.Ordinal | Should -Be 2
    }

    It 'completes ids' { (Get-Completion 'Remove-SessionPin -Id ').CompletionText | Sort-Object | Should -Be a, b }
}
