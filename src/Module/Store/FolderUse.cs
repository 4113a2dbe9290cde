namespace ArtifactSync.Store;

/// <summary>Whose folder is written: decides modes, and which error codes a failure gets.</summary>
internal enum FolderUse
{
    /// <summary>The archive: files 0600, directories 0700.</summary>
    Private,
    /// <summary>A share: files 0644, directories 0755 less the umask (spec 2.3).</summary>
    Shared,
}

internal static class FolderModes
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AllRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode AllSearch = AllRead | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>While a file is written nobody else may read it.</summary>
    public const UnixFileMode Temporary = Owner;

    public static UnixFileMode File(FolderUse use) => use == FolderUse.Private ? Owner : Owner | AllRead;

    public static UnixFileMode Directory(FolderUse use) =>
        use == FolderUse.Private ? Owner | UnixFileMode.UserExecute : Owner | UnixFileMode.UserExecute | AllSearch;
}
