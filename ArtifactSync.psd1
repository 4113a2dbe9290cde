@{
    RootModule           = 'ArtifactSync.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '5b0a3c1e-7d52-4e0b-9a37-2f6c4d1e8b90'
    Author               = 'ArtifactSync contributors'
    CompanyName          = 'ArtifactSync'
    Copyright            = '(c) ArtifactSync contributors'
    Description          = 'Keeps a complete local archive of AI agent sessions and lets machines converge over a shared folder, a bucket or another machine.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('ArtifactSync.Format.ps1xml')
    TypesToProcess       = @('ArtifactSync.Types.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'Add-ArchiveMemory'
        'Add-SessionPin'
        'Disable-MemoryProject'
        'Enable-MemoryProject'
        'Export-ArchiveMemory'
        'Export-MemoryChunk'
        'Find-ArchiveDocument'
        'Get-ArchiveMemory'
        'Get-ArchiveSession'
        'Get-MemoryQuarantine'
        'Get-MetaConflict'
        'Get-QuarantinedArtifact'
        'Get-SyncPeer'
        'Get-SyncRun'
        'Get-SyncState'
        'Get-TrackedIssue'
        'Get-TrackedMergeRequest'
        'Import-ArchiveMemory'
        'Import-ArchiveSession'
        'Import-MemoryChunk'
        'Invoke-ArtifactSync'
        'Remove-ArchiveMemory'
        'Remove-ArchiveSession'
        'Remove-QuarantinedArtifact'
        'Remove-SessionPin'
        'Remove-StaleArtifact'
        'Repair-ArtifactStore'
        'Reset-ArtifactStore'
        'Resolve-MetaConflict'
        'Restore-QuarantinedArtifact'
        'Set-ArchiveMemory'
        'Set-ArchiveSession'
        'Start-SyncPeer'
        'Stop-SyncPeer'
        'Test-ArtifactStore'
        'Test-MemorySync'
        'Update-ArchiveIndex'
    )
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('sync', 'archive', 'sessions', 'transcripts', 'sqlite', 'Platforms')
        }
    }
}
