using System.Security.Cryptography;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>A file in the quarantine. <see cref="File"/> is its path below the quarantine folder; empty = no bytes were kept.</summary>
internal readonly record struct KeptFile(string Sha256, long Size, string File);

/// <summary>
/// Refused files: <c>quarantine/&lt;origin&gt;/&lt;kind&gt;/&lt;16 hex&gt;-&lt;name&gt;</c>, so that any number of them may have had one name.
/// </summary>
internal sealed class QuarantineFolder(string root)
{
    private const int MarkLength = 16, LongestName = 255;

    /// <summary>Moves a file here. A file that is gone leaves a record without bytes.</summary>
    /// <param name="path">Full path.</param>
    /// <param name="artifact">What its name says.</param>
    /// <param name="sha256">Of the decoded bytes; null = the hash of the file's bytes is taken.</param>
    public KeptFile Take(string path, ArtifactRef artifact, string? sha256)
    {
        var directory = StorePath.Directory(artifact.Origin, artifact.Kind);
        try
        {
            if (FileStat.Of(path) is not { Type: EntryType.File } found)
            {
                return new KeptFile(sha256 ?? "", 0, "");
            }

            var hash = sha256 ?? Hash(path);
            var full = Path.Combine(root, directory);
            FolderIO.System.CreateDirectory(full, FolderModes.Directory(FolderUse.Private));
            var name = FileName(artifact);
            File.Move(path, Path.Combine(full, name), overwrite: false);
            return new KeptFile(hash, found.Size, $"{directory}/{name}");
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, path, FolderUse.Private);
        }
    }

    /// <summary>Full path of a kept file.</summary>
    public string PathOf(string file) => Path.Combine(root, file);

    /// <summary>Removes a kept file; one that is gone is fine.</summary>
    public void Delete(string file)
    {
        var path = PathOf(file);
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing lies there.
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, path, FolderUse.Private);
        }
    }

    /// <summary>Moves something that is no artifact here: a file, folder or link with a strange name. Returns its new full path.</summary>
    /// <param name="path">Full path.</param>
    public string TakeStray(string path)
    {
        try
        {
            var directory = Path.Combine(root, "stray");
            FolderIO.System.CreateDirectory(directory, FolderModes.Directory(FolderUse.Private));
            var name = Path.GetFileName(path);
            var kept = Path.Combine(directory, $"{RandomNumberGenerator.GetHexString(MarkLength, lowercase: true)}-{name[..Math.Min(name.Length, LongestName / 4)]}");
            if (FileStat.Of(path) is { Type: EntryType.Directory })
            {
                Directory.Move(path, kept);
            }
            else
            {
                File.Move(path, kept, overwrite: false);
            }
            return kept;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Writing(error, path, FolderUse.Private);
        }
    }

    /// <summary>The names that the files in one directory had, with repetitions.</summary>
    public IEnumerable<string> Names(string directory) => LocalStore.Names(Path.Combine(root, directory))
        .Where(name => name.Length > MarkLength + 1)
        .Select(name => name[(MarkLength + 1)..]);

    private static string Hash(string path)
    {
        using var file = FolderIO.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static string FileName(ArtifactRef artifact)
    {
        var name = $"{RandomNumberGenerator.GetHexString(MarkLength, lowercase: true)}-{artifact.Name}";
        // Only the free part of an event's name can be that long; the row has the whole name.
        return StorePath.IsPossible(name, OperatingSystem.IsWindows()) ? name : name[..Math.Min(name.Length, LongestName / 4)];
    }
}
