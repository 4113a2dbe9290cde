BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-Transcript "$($box.Transcripts)/alpha.jsonl" -Text 'Add a retry budget' -Folder /home/alice/code/web-api -Exchanges 2
    New-Transcript "$($box.Transcripts)/beta.jsonl" -Text 'Fix the login bug' -Folder /home/alice/code/web-ui
    New-Transcript "$($box.Transcripts)/gamma.jsonl" -Text 'Write release notes' -Folder /home/alice/code/docs
    $null = Import-ArchiveSession $box.Transcripts
    $null = Invoke-ArtifactSync $box.Share -Initialize -OriginId laptop-1a2b3c
    $all = Get-ArchiveSession
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-ArchiveSession' {
    It 'returns every session' {
        @($all).Count | Should -Be 3
        $all[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.ArchiveSession'
        @($all[0].Messages).Count | Should -Be 0
    }

    It 'finds a session by id, by parameter and by pipeline' {
        $id = $all[1].SessionId
        (Get-ArchiveSession -Id $id).SessionId | Should -Be $id
        (Get-ArchiveSession -SessionId $id).SessionId | Should -Be $id
        ($all[1] | Get-ArchiveSession).SessionId | Should -Be $id
        ($id | Get-ArchiveSession).SessionId | Should -Be $id
    }

    It 'reports an id that does not exist and returns the others' {
        $session = Get-ArchiveSession nowhere, $all[0].SessionId -ErrorAction SilentlyContinue -ErrorVariable failure
        $session.SessionId | Should -Be $all[0].SessionId
        Assert-Error $failure SessionNotFound GetArchiveSessionCommand ObjectNotFound nowhere
    }

    It 'filters by <Name>' -ForEach @(
        @{ Name = 'project'; Filter = @{ Project = 'web*' }; Count = 2 }
        @{ Name = 'origin'; Filter = @{ Origin = 'laptop-*' }; Count = 3 }
        @{ Name = 'foreign origin'; Filter = @{ Origin = 'other-*' }; Count = 0 }
        @{ Name = 'date'; Filter = @{ Since = '2026-01-01' }; Count = 3 }
        @{ Name = 'later date'; Filter = @{ Since = '2026-01-03T00:00:00Z' }; Count = 0 }
        @{ Name = 'text'; Filter = @{ Query = 'retry budget' }; Count = 1 }
        @{ Name = 'text nobody wrote'; Filter = @{ Query = 'zebra' }; Count = 0 }
        @{ Name = 'first'; Filter = @{ First = 2 }; Count = 2 }
        @{ Name = 'star'; Filter = @{ Starred = $true }; Count = 0 }
        @{ Name = 'no star'; Filter = @{ Starred = $false }; Count = 3 }
        @{ Name = 'trash'; Filter = @{ Trashed = $true }; Count = 0 }
        @{ Name = 'name'; Filter = @{ Name = 'no such name*' }; Count = 0 }
    ) {
        @(Get-ArchiveSession @Filter).Count | Should -Be $Count
    }

    It 'shows what was done to a session' {
        $pair = New-ConflictPair
        $id = 'alpha-0a1b2c~a'
        Set-ArchiveSession $id -Starred $true -ArchivePath $pair.Other
        Add-SessionPin $id -Ordinal 0, 3 -Note 'see here' -ArchivePath $pair.Other
        $session = Get-ArchiveSession -ArchivePath $pair.Other
        $session.ArchivePath | Should -Be $pair.Other
        $session.Name, $session.Starred, $session.Trashed, $session.HasConflict | Should -Be 'by bravo', $true, $false, $true
        $session.Pins.Ordinal | Should -Be 0, 3
        $session.Pins.Note | Should -Be 'see here', 'see here'
        $session.Pins.SessionId | Should -Be $id, $id
        $session | Format-Table | Out-String -Width 200 | Should -Match 'my_app\s+!\*p2\s+by bravo\s'
        Assert-View $session
        $trashed = $session | Set-ArchiveSession -Trashed $true -PassThru
        $trashed.DeletedAt | Should -BeGreaterThan ([datetimeoffset]::Now.AddMinutes(-5))
        $trashed | Format-Table | Out-String -Width 200 | Should -Match '\s!\*xp2\s'
        $null = Get-MetaConflict -ArchivePath $pair.Other | Resolve-MetaConflict -Accept Winner
        $session = Get-ArchiveSession -Trashed -ArchivePath $pair.Other
        $session.HasConflict | Should -BeFalse
        $session | Format-Table | Out-String -Width 200 | Should -Match '\s\*xp2\s'
    }

    It 'shows nothing of the kind where nothing was done' {
        $all.ArchivePath | Should -Be $box.Archive, $box.Archive, $box.Archive
        $all.HasConflict | Should -Be $false, $false, $false
        $all.ForEach{ @($_.Pins).Count } | Should -Be 0, 0, 0
        $all | Format-Table | Out-String -Width 200 | Should -Not -Match '[!*]'
    }

    It 'survives any query text' -ForEach '"', 'a AND', '(', '*', "it's", 'a "b', 'NEAR(', ':' {
        { Get-ArchiveSession -Query $_ -ErrorAction Stop } | Should -Not -Throw
    }

    It 'reads the messages when asked' {
        $session = Get-ArchiveSession -Query 'retry budget' -IncludeMessage
        $session.Snippet | Should -Match '«'
        @($session.Messages).Count | Should -Be 4
        $session.Messages[0].Content | Should -Be 'Add a retry budget (0)'
        $session.Messages[-1].Content | Should -Be 'Done: Add a retry budget'
        $session.Messages[0].PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.ArchiveMessage'
    }

    It 'stops after the first without leaving anything open' {
        $failure = $null
        (Get-ArchiveSession -IncludeMessage -ErrorVariable failure | Select-Object -First 1).SessionId | Should -Not -BeNullOrEmpty
        $failure | Should -BeNullOrEmpty
        Get-OpenFile $box.Root | Should -BeNullOrEmpty
    }

    It 'writes nothing' {
        $before = Get-TreeState $box.Root
        $null = Get-ArchiveSession -IncludeMessage
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'shows a table, also after remoting, and converts to JSON without a warning' {
        $there = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($all))
        ($there | Out-String -Width 200) | Should -Be ($all | Out-String -Width 200)
        ($all | Out-String -Width 200) | Should -Match '\d{4}-\d\d-\d\d \d\d:\d\d'
        $null = $all | ConvertTo-Json -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
    }

    It 'completes <Parameter>' -ForEach @(
        @{ Parameter = 'Id'; Value = { $all[0].SessionId } }
        @{ Parameter = 'Project'; Value = { $all[0].Project } }
        @{ Parameter = 'Origin'; Value = { 'laptop-1a2b3c' } }
    ) {
        $line = "Get-ArchiveSession -$Parameter "
        $texts = (Get-Completion $line).CompletionText
        $texts.ForEach{ $_.Trim("'") } | Should -Contain (& $Value)
    }
}
