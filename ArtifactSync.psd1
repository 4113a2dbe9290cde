@{
    RootModule           = 'ArtifactSync.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '5b0a3c1e-7d52-4e0b-9a37-2f6c4d1e8b90'
    Author               = 'ArtifactSync contributors'
    CompanyName          = 'ArtifactSync'
    Copyright            = '(c) ArtifactSync contributors'
    Description          = 'Keeps a complete local archive of AI agent sessions and lets machines converge over any shared folder.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('ArtifactSync.Format.ps1xml')
    TypesToProcess       = @('ArtifactSync.Types.ps1xml')
    FunctionsToExport    = @()
    CmdletsToExport      = @(
        'Add-SessionPin'
        'Get-ArchiveSession'
        'Get-MetaConflict'
        'Get-SyncRun'
        'Import-ArchiveSession'
        'Invoke-ArtifactSync'
        'Remove-ArchiveSession'
        'Remove-SessionPin'
        'Resolve-MetaConflict'
        'Set-ArchiveSession'
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
