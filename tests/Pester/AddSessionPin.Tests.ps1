BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Add-SessionPin' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        'a', 'b' | ForEach-Object { New-Transcript "$($box.Transcripts)/$_.jsonl" -Exchanges 3 }
        $null = Import-ArchiveSession $box.Transcripts
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'pins a message, with and without note' {
        Add-SessionPin -Id a -Ordinal 3 | Should -BeNullOrEmpty
        $session = Add-SessionPin a 1 -Note 'the decision' -PassThru
        $session.Pins.Ordinal | Should -Be 1, 3
        $session.Pins[0].Note | Should -Be 'the decision'
        $session.Pins[1].Note | Should -BeNullOrEmpty
        $session.Pins[0].SessionId, $session.Pins[0].ArchivePath | Should -Be a, $box.Archive
        $session.Pins[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.SessionPin'
        "$($session.Pins[0])" | Should -Be '#1 the decision'
        $session.Pins[0].CreatedAt | Should -BeGreaterThan ([datetimeoffset]::Now.AddMinutes(-5))
    }

    It 'pins several messages of several sessions' {
        $sessions = Add-SessionPin a, b -Ordinal 0, 4 -PassThru
        $sessions.SessionId | Should -Be a, b
        $sessions.Pins.Ordinal | Should -Be 0, 4, 0, 4
    }

    It 'takes messages and pins from the pipeline' {
        (Get-ArchiveSession a -IncludeMessage).Messages | Where-Object Role -EQ user | Add-SessionPin -Note question
        (Get-ArchiveSession a).Pins.Ordinal | Should -Be 0, 2, 4
        (Get-ArchiveSession a).Pins[0] | Add-SessionPin -Note 'first question'
        (Get-ArchiveSession a).Pins.Note | Should -Be 'first question', 'question', 'question'
    }

    It 'keeps the note without -Note, changes it with one, and takes it away with an empty one' {
        Add-SessionPin a 1 -Note one
        (Add-SessionPin a 1 -PassThru).Pins.Note | Should -Be one
        (Add-SessionPin a 1 -Note two -PassThru).Pins.Note | Should -Be two
        (Add-SessionPin a 1 -Note '' -PassThru).Pins[0].Note | Should -BeNullOrEmpty
        @((Get-ArchiveSession a).Pins).Count | Should -Be 1
    }

    It 'reports a message that does not exist and pins the others' {
        Add-SessionPin a -Ordinal 0, 99, 2 -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure EventTargetMissing AddSessionPinCommand ObjectNotFound a
        (Get-ArchiveSession a).Pins.Ordinal | Should -Be 0, 2
    }

    It 'reports a session that does not exist once' {
        Add-SessionPin nowhere -Ordinal 0, 1 -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound AddSessionPinCommand ObjectNotFound nowhere
    }

    It 'refuses a negative ordinal' { { Add-SessionPin a -Ordinal -1 } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*' }

    It 'pins in the trash, too' {
        Set-ArchiveSession a -Trashed $true
        (Add-SessionPin a 1 -PassThru).Pins.Ordinal | Should -Be 1
    }

    It 'writes nothing with -WhatIf and says what would change, and only that' {
        Add-SessionPin a 1 -Note x
        $before = Get-TreeState $box.Root
        Get-WhatIf { Add-SessionPin a -Ordinal 0, 1, 2 -WhatIf } | Should -Be 'Pin message 0, Pin message 2 on a'
        Get-WhatIf { Add-SessionPin a -Ordinal 0, 1 -Note x -WhatIf } | Should -Be "Pin message 0 with note 'x' on a"
        Get-WhatIf { Add-SessionPin a 1 -WhatIf } | Should -BeNullOrEmpty
        Add-SessionPin a 0 -WhatIf -PassThru | Should -BeNullOrEmpty
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'asks only when told to' {
        Add-SessionPin a 0 -Confirm:$false
        (Invoke-Script "Add-SessionPin a 1 -ArchivePath '$($box.Archive)' -Confirm").Output | Should -Match NonInteractive
        (Get-ArchiveSession a).Pins.Ordinal | Should -Be 0
    }

    It 'pins in several archives in one pipeline' {
        New-Transcript "$($box.Root)/more/z.jsonl"
        $null = Import-ArchiveSession "$($box.Root)/more" -ArchivePath $box.Other
        $messages = (Get-ArchiveSession a -IncludeMessage).Messages[0], (Get-ArchiveSession z -IncludeMessage -ArchivePath $box.Other).Messages[1]
        ($messages | Add-SessionPin -PassThru).ArchivePath | Should -Be $box.Archive, $box.Other
        (Get-ArchiveSession z -ArchivePath $box.Other).Pins.Ordinal | Should -Be 1
    }

    It 'reaches the other machine and stays with its message when the session grows' {
        $box = New-Pair
        Add-SessionPin a 2 -Note here -ArchivePath $box.Archive
        Sync-Pair $box
        New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 5
        $null = Import-ArchiveSession $box.Transcripts -ArchivePath $box.Archive
        Sync-Pair $box
        $there = Get-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other
        $there.MessageCount | Should -Be 10
        "$($there.Pins)" | Should -Be '#2 here'
        "$((Get-ArchiveSession a -ArchivePath $box.Archive).Pins)" | Should -Be '#2 here'
    }

    It 'shows pins in a table, also after remoting' {
        Add-SessionPin a 3 -Note "two`nlines"
        $pins = (Get-ArchiveSession a).Pins
        Assert-View $pins
        $pins | Format-Table | Out-String -Width 200 | Should -Match '3 \d{4}-\d\d-\d\d \d\d:\d\d two lines\s+a'
    }

    It 'completes ids' { (Get-Completion 'Add-SessionPin -Id ').CompletionText | Sort-Object | Should -Be a, b }
}
