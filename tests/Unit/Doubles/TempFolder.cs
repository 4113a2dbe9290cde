namespace ArtifactSync.Tests.Doubles;

/// <summary>A new empty folder, removed with all that is in it.</summary>
public sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("artifactsync-").FullName;

    public string Path { get; }

    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    public string CreateDirectory(params string[] parts) => Directory.CreateDirectory(this[parts]).FullName;

    public string WriteFile(string content, params string[] parts)
    {
        var path = this[parts];
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Permission bits, e.g. 0b111_101_101.</summary>
    public void SetMode(int bits, params string[] parts)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(this[parts], (UnixFileMode)bits);
        }
    }

    /// <summary>As <c>ls</c> writes them; empty on Windows.</summary>
    public string GetMode(params string[] parts)
    {
        if (OperatingSystem.IsWindows())
        {
            return "";
        }

        var bits = (int)File.GetUnixFileMode(this[parts]);
        return string.Concat("rwxrwxrwx".Select((letter, index) => (bits >> (8 - index) & 1) == 1 ? letter : '-'));
    }

    /// <summary>All files below, relative, ordinal order.</summary>
    public string[] Files() =>
    [
        .. Directory.EnumerateFiles(Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = default })
            .Select(file => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The test removed it itself.
        }
    }
}
