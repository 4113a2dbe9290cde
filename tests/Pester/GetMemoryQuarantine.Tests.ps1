BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/Memory.ps1
    $box = New-Sandbox
    $env:ARTIFACTSYNC_ARCHIVE = $box.Archive
    New-MemoryExport "$($box.Root)/in.json"
    $null = Import-ArchiveMemory "$($box.Root)/in.json"
}
AfterAll { $env:ARTIFACTSYNC_ARCHIVE = $null }

Describe 'Get-MemoryQuarantine' {
    It 'is silent when there is nothing' { Get-MemoryQuarantine | Should -BeNullOrEmpty }

    It 'shows what can never be sent' {
        $null = Enable-MemoryProject demo
        # A key with U+0000: the row is fine here, and no server stores it.
        $text = '{"observations":[{"sync_id":"obs-\u0000","session_id":"s1","type":"t","title":"Bad key","content":"c","project":"demo","updated_at":"2026-05-01 00:00:00"}]}'
        [System.IO.File]::WriteAllText("$($box.Root)/nul.json", $text)
        (Import-ArchiveMemory "$($box.Root)/nul.json").ObservationsInserted | Should -Be 1
        $row = Get-MemoryQuarantine
        $row.PSObject.TypeNames[0] | Should -Be 'ArtifactSync.Model.QuarantinedMemory'
        $row.Direction, $row.Entity, $row.Project | Should -Be 'Outgoing', 'observation', 'demo'
        $row.Reason | Should -Match 'key'
        Get-MemoryQuarantine -Project w* | Should -BeNullOrEmpty
        @(Get-MemoryQuarantine d*).Count | Should -Be 1
        ($row | Out-String) | Should -Match 'Outgoing'
    }
}
