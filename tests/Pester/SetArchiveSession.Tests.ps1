BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Set-ArchiveSession' {
    BeforeEach {
        $box = New-Sandbox
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        'a', 'b', 'c' | ForEach-Object { New-Transcript "$($box.Transcripts)/$_.jsonl" }
        $null = Import-ArchiveSession $box.Transcripts
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'gives title and star, and leaves what was not named' {
        Set-ArchiveSession -Id a -DisplayName 'Release 2.1' | Should -BeNullOrEmpty
        Set-ArchiveSession -SessionId a -Starred $true
        $session = Get-ArchiveSession a
        $session.Name, $session.DisplayName, $session.Starred, $session.Trashed | Should -Be 'Release 2.1', 'Release 2.1', $true, $false
        Set-ArchiveSession a -Starred $false
        (Get-ArchiveSession a).DisplayName | Should -Be 'Release 2.1'
        (Get-ArchiveSession b).DisplayName | Should -BeNullOrEmpty
    }

    It 'takes a title away when it is <Name>' -ForEach @{ Name = 'empty'; Title = '' }, @{ Name = 'null'; Title = $null } {
        Set-ArchiveSession a -DisplayName x
        $session = Set-ArchiveSession a -DisplayName $Title -PassThru
        $null -eq $session.DisplayName | Should -BeTrue
    }

    It 'keeps a title of blanks' { (Set-ArchiveSession a -DisplayName '  ' -PassThru).DisplayName | Should -BeExactly '  ' }

    It 'takes sessions, ids and objects with a SessionId from the pipeline' {
        Get-ArchiveSession a | Set-ArchiveSession -Starred $true
        'b' | Set-ArchiveSession -Starred $true
        [pscustomobject]@{ SessionId = 'c' } | Set-ArchiveSession -Starred $true
        (Get-ArchiveSession -Starred).SessionId | Sort-Object | Should -Be a, b, c
        Set-ArchiveSession a, c -Starred $false
        (Get-ArchiveSession -Starred).SessionId | Should -Be b
    }

    It 'moves sessions to the trash and back' {
        Get-ArchiveSession | Set-ArchiveSession -Trashed $true
        Get-ArchiveSession | Should -BeNullOrEmpty
        $trashed = Get-ArchiveSession -Trashed
        @($trashed).Count | Should -Be 3
        $trashed[0].DeletedAt.Offset | Should -Be ([timespan]::Zero)
        $back = $trashed | Set-ArchiveSession -Trashed $false -PassThru
        $back.Trashed | Should -Be $false, $false, $false
        @(Get-ArchiveSession).Count | Should -Be 3
    }

    It 'returns with -PassThru each session as it is afterwards, also one that stays and one in the trash' {
        Set-ArchiveSession a -Starred $true
        $sessions = Set-ArchiveSession a, b -Starred $true -PassThru
        $sessions.SessionId | Should -Be a, b
        $sessions.Starred | Should -Be $true, $true
        $sessions[0].ArchivePath | Should -Be $box.Archive
        $session = Set-ArchiveSession c -DisplayName last -Trashed $true -PassThru
        $session.DisplayName, $session.Trashed | Should -Be last, $true
    }

    It 'edits a session in the trash except for its title, which needs its restoring first' {
        Set-ArchiveSession a -DisplayName before -Trashed $true
        (Set-ArchiveSession a -Starred $true -PassThru).Starred | Should -BeTrue
        $session = Set-ArchiveSession a, b -DisplayName after -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionTrashed SetArchiveSessionCommand InvalidOperation a
        $session.SessionId | Should -Be b
        (Get-ArchiveSession a -Trashed).DisplayName | Should -Be before
        $session = Set-ArchiveSession a -DisplayName after -Trashed $false -PassThru
        $session.DisplayName, $session.Trashed | Should -Be after, $false
    }

    It 'reports a session that does not exist and changes the others' {
        Set-ArchiveSession a, nowhere, b -Starred $true -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound SetArchiveSessionCommand ObjectNotFound nowhere
        (Get-ArchiveSession -Starred).SessionId | Sort-Object | Should -Be a, b
    }

    It 'names a session that does not exist once, whatever is to be changed' {
        Set-ArchiveSession nowhere -DisplayName x -Starred $true -Trashed $true -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound SetArchiveSessionCommand ObjectNotFound nowhere
    }

    It 'changes none of a batch under -ErrorAction Stop when one is missing' {
        { 'a', 'nowhere' | Set-ArchiveSession -Starred $true -ErrorAction Stop } | Should -Throw '*nowhere*'
        Get-ArchiveSession -Starred | Should -BeNullOrEmpty -Because 'a batch is one transaction'
    }

    It 'wants something to change' {
        $failure = Get-Failure { Set-ArchiveSession a }
        Assert-Error $failure InvalidArgument SetArchiveSessionCommand InvalidArgument $null
    }

    It 'refuses a title larger than an event' {
        $null = Invoke-ArtifactSync $box.Share -Initialize
        Set-ArchiveSession a -DisplayName ('x' * 17mb) -ErrorAction SilentlyContinue -ErrorVariable failure
        @($failure).Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -Be 'DocumentLimitExceeded,ArtifactSync.Cmdlets.SetArchiveSessionCommand'
        (Get-ArchiveSession a).DisplayName | Should -BeNullOrEmpty
    }

    It 'writes nothing with -WhatIf and says what would change, and only that' {
        Set-ArchiveSession a -Starred $true
        $before = Get-TreeState $box.Root
        Get-WhatIf { Get-ArchiveSession | Sort-Object SessionId | Set-ArchiveSession -Starred $true -WhatIf } | Should -Be 'Star on b', 'Star on c'
        Get-WhatIf { Set-ArchiveSession a -DisplayName New -Starred $true -Trashed $true -WhatIf } |
            Should -Be "Set display name to 'New', Move to trash on a"
        Get-WhatIf { Set-ArchiveSession a -DisplayName '' -Starred $true -Trashed $false -WhatIf } | Should -BeNullOrEmpty
        Set-ArchiveSession a -Starred $false -WhatIf -PassThru | Should -BeNullOrEmpty
        Set-ArchiveSession nowhere -Starred $false -WhatIf -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound SetArchiveSessionCommand ObjectNotFound nowhere
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'records nothing for what the archive shows already' {
        $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId alpha-0a1b2c
        Set-ArchiveSession a -DisplayName x -Starred $true
        $before = @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count
        Set-ArchiveSession a -DisplayName x -Starred $true -Trashed $false
        @(Get-ChildItem "$($box.Archive)/artifacts" -Recurse -File).Count | Should -Be $before
    }

    It 'asks only when told to' {
        Set-ArchiveSession a -Starred $true -Confirm:$false
        $run = Invoke-Script @"
Set-ArchiveSession b -Starred `$true -ArchivePath '$($box.Archive)'
Set-ArchiveSession c -Starred `$true -ArchivePath '$($box.Archive)' -Confirm
"@
        $run.Output | Should -Match NonInteractive
        (Get-ArchiveSession -Starred).SessionId | Sort-Object | Should -Be a, b
    }

    It 'edits sessions of several archives in one pipeline' {
        New-Transcript "$($box.Root)/more/z.jsonl"
        $null = Import-ArchiveSession "$($box.Root)/more" -ArchivePath $box.Other
        $sessions = (Get-ArchiveSession a), (Get-ArchiveSession z -ArchivePath $box.Other), (Get-ArchiveSession b)
        $changed = $sessions | Set-ArchiveSession -Starred $true -PassThru
        $changed.SessionId | Should -Be a, z, b
        $changed.ArchivePath | Should -Be $box.Archive, $box.Other, $box.Archive
        (Get-ArchiveSession -Starred -ArchivePath $box.Other).SessionId | Should -Be z
    }

    It 'does more sessions than one batch holds' {
        1..300 | ForEach-Object { [System.IO.File]::Copy("$($box.Transcripts)/a.jsonl", "$($box.Transcripts)/n$_.jsonl") }
        $null = Import-ArchiveSession $box.Transcripts
        $changed = Get-ArchiveSession | Set-ArchiveSession -DisplayName all -PassThru
        @($changed).Count | Should -Be 303
        @(Get-ArchiveSession -Name all).Count | Should -Be 303
    }

    It 'survives <Name> in a title' -ForEach @(
        @{ Name = 'control characters'; Title = "a`tb`u{1}c`u{7f}`u{85}" }
        @{ Name = 'quotes and markup'; Title = "it's `"<b>&`" \ % _" }
        @{ Name = 'other scripts'; Title = "日本語 𝄞 `u{202e}" }
    ) {
        $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId alpha-0a1b2c
        (Set-ArchiveSession a -DisplayName $Title -PassThru).DisplayName | Should -BeExactly $Title
        $null = Invoke-ArtifactSync $box.Share
        $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId bravo-3d4e5f -ArchivePath $box.Other
        (Get-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other).DisplayName | Should -BeExactly $Title
        { Get-ArchiveSession a | Out-String } | Should -Not -Throw
    }

    It 'reads -LockTimeout as typed and refuses what is no duration' {
        { Set-ArchiveSession a -Starred $true -LockTimeout 5s } | Should -Not -Throw
        { Set-ArchiveSession a -Starred $true -LockTimeout soon } | Should -Throw '*Write 7d*'
    }

    It 'reaches the other machine, in the trash and back' {
        $box = New-Pair
        Set-ArchiveSession a -DisplayName Shared -Starred $true -Trashed $true -ArchivePath $box.Archive
        Sync-Pair $box
        $there = Get-ArchiveSession -Trashed -ArchivePath $box.Other
        $there.SessionId, $there.DisplayName, $there.Starred | Should -Be 'alpha-0a1b2c~a', 'Shared', $true
        $there | Set-ArchiveSession -Trashed $false
        Sync-Pair $box
        (Get-ArchiveSession a -ArchivePath $box.Archive).Trashed | Should -BeFalse
    }

    It 'completes ids and knows its parameters' {
        (Get-Completion 'Set-ArchiveSession -Id ').CompletionText | Sort-Object | Should -Be a, b, c
        (Get-Completion 'Set-ArchiveSession -Starred $').CompletionText | Should -Contain '$true'
    }
}
