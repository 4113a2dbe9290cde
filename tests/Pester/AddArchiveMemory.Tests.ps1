BeforeAll {
    . $PSScriptRoot/Common.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Add-ArchiveMemory' {
    It 'writes nothing with -WhatIf' {
        Add-ArchiveMemory 'Plan' 'Nothing' -WhatIf | Should -BeNullOrEmpty
        Test-Path $box.Archive | Should -BeFalse
    }

    It 'saves, by parameter and by pipeline' {
        $one = Add-ArchiveMemory -Title 'WAL' -Content 'Readers never wait' -Type decision -Project Demo--App -Scope personal -ToolName t
        $one.SyncId | Should -Match '^obs-[0-9a-f]{16}$'
        $one.Project, $one.Scope, $one.Type, $one.SessionId | Should -Be 'demo-app', 'personal', 'decision', 'manual-save-Demo--App'
        $two = 'Text' | Add-ArchiveMemory 'Piped' -SessionId s9
        $two.Content, $two.SessionId | Should -Be 'Text', 's9'
        @(Get-ArchiveMemory).Count | Should -Be 2
    }

    It 'rewrites a topic and counts a repetition' {
        $first = Add-ArchiveMemory 'Auth' 'v1' -Project demo -TopicKey 'Arch/Auth Model'
        $second = Add-ArchiveMemory 'Auth' 'v2' -Project demo -TopicKey 'arch/auth  model'
        $second.SyncId, $second.RevisionCount, $second.Content | Should -Be $first.SyncId, 2, 'v2'
        $null = Add-ArchiveMemory 'Same' 'Text' -Project demo
        (Add-ArchiveMemory 'Same' '  text ' -Project demo).DuplicateCount | Should -Be 2
    }

    It 'masks private text' {
        (Add-ArchiveMemory 'Key' 'before <PRIVATE>secret</private> after').Content | Should -Be 'before [REDACTED] after'
    }

    It 'refuses blank text' {
        $null = Add-ArchiveMemory ' ' 'x' -ErrorAction SilentlyContinue -ErrorVariable failure
        @($failure)[0].FullyQualifiedErrorId | Should -Be 'InvalidArgument,ArtifactSync.Cmdlets.AddArchiveMemoryCommand'
    }
}
