using System.Buffers;
using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Store;

/// <summary>Where an artifact lies below a folder. A valid name on the wire is not yet one that a file may bear.</summary>
internal static class StorePath
{
    private const int LongestName = 255;

    private static readonly SearchValues<char> ForbiddenOnWindows =
        SearchValues.Create([.. "<>:\"/\\|?*", .. Enumerable.Range(0, 32).Select(code => (char)code)]);

    /// <summary>Directory of (origin, kind) below the root, with forward slashes.</summary>
    /// <exception cref="ArtifactSyncException">InvalidOriginId: this system can't have a folder of that name.</exception>
    public static string Directory(string origin, ArtifactKind kind)
    {
        OriginId.Require(origin);
        if (!IsPossible(origin, OperatingSystem.IsWindows()))
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidOriginId, $"This system can't have a folder named '{origin}', so that origin is left out here.", origin);
        }

        return $"{origin}/{ArtifactName.KindDirectory(kind)}";
    }

    /// <summary>The file name, as safe as <see cref="Directory"/>.</summary>
    /// <exception cref="ArtifactSyncException">InvalidArtifactName.</exception>
    public static string FileName(ArtifactRef artifact) => IsPossible(artifact.Name, OperatingSystem.IsWindows())
        ? artifact.Name
        : throw new ArtifactSyncException(
            ErrorCode.InvalidArtifactName, $"This system can't have a file for '{artifact}', so that artifact is left out here.", artifact.Path);

    /// <summary>Whether a file or folder may bear the name; Windows also forbids devices and some signs.</summary>
    internal static bool IsPossible(string name, bool windows)
    {
        if (name.Length is 0 or > LongestName || name.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(name) > LongestName)
        {
            return false;
        }

        return !windows || !(name.AsSpan().ContainsAny(ForbiddenOnWindows) || name[^1] is '.' or ' ' || IsDevice(name));
    }

    private static bool IsDevice(string name)
    {
        var dot = name.IndexOf('.', StringComparison.Ordinal);
        var stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ').ToUpperInvariant();
        return stem is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
            || (stem.Length == 4 && (stem[..3] is "COM" or "LPT") && stem[3] is >= '0' and <= '9');
    }
}
