BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'Remove-ArchiveSession' {
    BeforeEach {
        $box = New-Pair
        $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
        New-Transcript "$($box.Transcripts)/b.jsonl"
        $null = Import-ArchiveSession $box.Transcripts
    }
    AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

    It 'removes from this archive alone, for good' {
        Remove-ArchiveSession -Id a | Should -BeNullOrEmpty
        (Get-ArchiveSession).SessionId | Should -Be b
        Sync-Pair $box
        $null = Import-ArchiveSession $box.Transcripts -Full
        (Get-ArchiveSession).SessionId | Should -Be b
        (Get-ArchiveSession -ArchivePath $box.Other).SessionId | Sort-Object | Should -Be 'alpha-0a1b2c~a', 'alpha-0a1b2c~b'
    }

    It 'never takes a removed session of another machine back' {
        Remove-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other
        New-Transcript "$($box.Transcripts)/a.jsonl" -Exchanges 4
        $null = Import-ArchiveSession $box.Transcripts
        Set-ArchiveSession a -DisplayName later
        Sync-Pair $box
        (Get-ArchiveSession -ArchivePath $box.Other).SessionId | Should -Be 'alpha-0a1b2c~b'
        (Get-ArchiveSession a).DisplayName | Should -Be later
    }

    It 'removes everywhere with -Everywhere, whoever says so' {
        Remove-ArchiveSession alpha-0a1b2c~a -Everywhere -Confirm:$false -ArchivePath $box.Other
        Sync-Pair $box
        (Get-ArchiveSession).SessionId | Should -Be b
        Get-ArchiveSession -Trashed | Should -BeNullOrEmpty
        Set-ArchiveSession b -Trashed $true
        Get-ArchiveSession -Trashed | Remove-ArchiveSession -Everywhere -Confirm:$false
        Sync-Pair $box
        foreach ($archive in $box.Archive, $box.Other) {
            Get-ArchiveSession -ArchivePath $archive | Should -BeNullOrEmpty
            Get-ArchiveSession -Trashed -ArchivePath $archive | Should -BeNullOrEmpty
        }
        $null = Import-ArchiveSession $box.Transcripts -Full
        Get-ArchiveSession | Should -BeNullOrEmpty
    }

    It 'removes everywhere what was removed here before' {
        Remove-ArchiveSession a
        Remove-ArchiveSession a -Everywhere -Confirm:$false
        Sync-Pair $box
        (Get-ArchiveSession -ArchivePath $box.Other).SessionId | Should -Be 'alpha-0a1b2c~b'
    }

    It 'returns with -PassThru each session as it was' {
        Set-ArchiveSession a -DisplayName Gone -Trashed $true
        $sessions = 'a', 'b' | Remove-ArchiveSession -PassThru
        $sessions.SessionId | Should -Be a, b
        $sessions[0].DisplayName | Should -Be Gone
    }

    It 'reports a session that does not exist<How>, and goes on' -ForEach @{ How = ''; More = @{} }, @{ How = ' with -Everywhere'; More = @{ Everywhere = $true } } {
        'nowhere', 'a' | Remove-ArchiveSession @More -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        Assert-Error $failure SessionNotFound RemoveArchiveSessionCommand ObjectNotFound nowhere
        (Get-ArchiveSession).SessionId | Should -Be b
    }

    It 'writes nothing with -WhatIf or $WhatIfPreference and says what would change' {
        $before = Get-TreeState $box.Root
        Get-WhatIf { Get-ArchiveSession | Sort-Object SessionId | Remove-ArchiveSession -WhatIf } |
            Should -Be 'Remove from this archive for good on a', 'Remove from this archive for good on b'
        Get-WhatIf { Remove-ArchiveSession a -Everywhere -WhatIf } | Should -Be 'Remove from every machine for good on a'
        Get-WhatIf { $WhatIfPreference = $true; Remove-ArchiveSession a } | Should -Be 'Remove from this archive for good on a'
        Remove-ArchiveSession a -WhatIf -PassThru | Should -BeNullOrEmpty
        Get-TreeState $box.Root | Should -Be $before
    }

    It 'says nothing with -WhatIf about what is gone already' {
        Remove-ArchiveSession a
        Get-WhatIf { Remove-ArchiveSession a -WhatIf } | Should -BeNullOrEmpty
        Get-WhatIf { Remove-ArchiveSession a -Everywhere -WhatIf } | Should -Be 'Remove from every machine for good on a'
    }

    It 'does not ask for this archive, except when told to' {
        (Invoke-Script "Remove-ArchiveSession a -ArchivePath '$($box.Archive)'; 'done'").Output | Should -Be 'done'
        (Get-ArchiveSession).SessionId | Should -Be b
        (Invoke-Script "Remove-ArchiveSession b -Confirm -ArchivePath '$($box.Archive)'").Output | Should -Match NonInteractive
        (Invoke-Script "`$ConfirmPreference = 'Medium'; Remove-ArchiveSession b -ArchivePath '$($box.Archive)'").Output | Should -Match NonInteractive
        (Get-ArchiveSession).SessionId | Should -Be b
        (Invoke-Script "`$ConfirmPreference = 'Medium'; Remove-ArchiveSession b -Confirm:`$false -ArchivePath '$($box.Archive)'").Output | Should -BeNullOrEmpty
        Get-ArchiveSession | Should -BeNullOrEmpty
    }

    It 'asks for every machine, which a script answers with -Confirm:$false' {
        $run = Invoke-Script "`$ErrorActionPreference = 'Stop'; Remove-ArchiveSession a -Everywhere -ArchivePath '$($box.Archive)'; 'done'"
        $run.ExitCode | Should -Be 1
        $run.Output | Should -Match NonInteractive
        $run.Output | Should -Not -Match 'done'
        @(Get-ArchiveSession).Count | Should -Be 2
        (Invoke-Script "Remove-ArchiveSession a -Everywhere -Confirm:`$false -ArchivePath '$($box.Archive)'; 'done'").Output | Should -Be 'done'
        (Get-ArchiveSession).SessionId | Should -Be b
    }

    It 'removes from several archives in one pipeline' {
        $sessions = (Get-ArchiveSession b), (Get-ArchiveSession alpha-0a1b2c~a -ArchivePath $box.Other)
        ($sessions | Remove-ArchiveSession -PassThru).ArchivePath | Should -Be $box.Archive, $box.Other
        Get-ArchiveSession -ArchivePath $box.Other | Should -BeNullOrEmpty
        (Get-ArchiveSession).SessionId | Should -Be a
    }

    It 'completes ids' { (Get-Completion 'Remove-ArchiveSession -Id ').CompletionText | Sort-Object | Should -Be a, b }
}
