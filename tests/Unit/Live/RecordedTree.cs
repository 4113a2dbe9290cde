namespace ArtifactSync.Tests.Live;

/// <summary>The files of a folder: relative path with slashes to the file that holds its bytes.</summary>
internal sealed class RecordedTree
{
    private RecordedTree(SortedDictionary<string, string> files) => Files = files;

    public static RecordedTree Empty => new(new(StringComparer.Ordinal));

    public SortedDictionary<string, string> Files { get; }

    /// <summary>A missing folder is an empty one (index, notes).</summary>
    public static RecordedTree Read(string folder)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (Directory.Exists(folder))
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*", AllFiles))
            {
                files[Path.GetRelativePath(folder, file).Replace('\\', '/')] = file;
            }
        }

        return new RecordedTree(files);
    }

    /// <summary>The tree before a step, given the one after it (spec appendix E).</summary>
    /// <param name="final">The recorded files, for the content of what the step removed.</param>
    public RecordedTree Before(RecordedTree final, IEnumerable<string> added, IEnumerable<string> removed)
    {
        var files = new SortedDictionary<string, string>(Files, StringComparer.Ordinal);
        foreach (string name in added)
        {
            Assert.True(files.Remove(name), $"the step added '{name}', which is not in the tree after it");
        }

        foreach (string name in removed)
        {
            files[name] = final.Files[name];
        }

        return new RecordedTree(files);
    }

    /// <summary>Makes a folder hold exactly these files.</summary>
    public void WriteTo(string folder)
    {
        Clear(folder);
        foreach ((string name, string source) in Files)
        {
            string destination = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(destination)!);
            File.Copy(source, destination);
            AllowWrite(destination);
        }
    }

    /// <summary>Makes a folder exist and hold nothing.</summary>
    public static void Clear(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
    }

    /// <summary>Vectors may be read-only files; their copies must not be.</summary>
    public static void AllowWrite(string file)
    {
        if (OperatingSystem.IsWindows())
        {
            File.SetAttributes(file, FileAttributes.Normal);
        }
        else
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserWrite);
        }
    }

    public static readonly EnumerationOptions AllFiles = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    };
}
