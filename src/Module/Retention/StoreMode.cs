using ArtifactSync.Store;

namespace ArtifactSync.Retention;

/// <summary>Permissions of files in a store (decisions: permissions). Windows has none to look at.</summary>
internal static class StoreMode
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>What is wrong, as a sentence; null = nothing.</summary>
    public static string? Fault(string path, FolderUse use)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        var mode = File.GetUnixFileMode(path);
        if (!mode.HasFlag(UnixFileMode.UserRead))
        {
            return $"'{path}' can't be read by its owner.";
        }
        // Who else may read a share is for its owner to say.
        return use == FolderUse.Shared || (mode & Others) == UnixFileMode.None ? null : $"'{path}' is open to other accounts.";
    }

    /// <summary>Sets what the store itself would have set; false = not allowed, or not a matter of modes.</summary>
    public static bool TryRepair(string path, FolderUse use)
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }
        try
        {
            File.SetUnixFileMode(path, FolderModes.File(use));
            return true;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            return false;
        }
    }
}
