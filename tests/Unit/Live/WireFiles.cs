using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Live;

/// <summary>Artifact files in a folder: decoded content in and out.</summary>
internal static class WireFiles
{
    /// <summary>The artifact that a relative path names; null for everything else.</summary>
    public static ArtifactRef? Parse(string path) =>
        path.Split('/') is [var origin, var directory, var name]
        && ArtifactName.TryParseKind(directory, out ArtifactKind kind)
        && ArtifactName.TryParse(origin, kind, name, out ArtifactRef? artifact)
            ? artifact
            : null;

    /// <summary>The name of an artifact in the recordings: decoded, without <c>.zst</c>.</summary>
    public static string Logical(string path) => path.EndsWith(".zst", StringComparison.Ordinal) ? path[..^".zst".Length] : path;

    public static byte[] Decode(ArtifactRef artifact, string file)
    {
        using FileStream wire = File.OpenRead(file);
        using Stream decoded = ArtifactCodec.OpenDecoded(artifact.Kind, wire);
        using var bytes = new MemoryStream();
        decoded.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static byte[] Decode(RecordedTree tree, string path) => Decode(Parse(path)!, tree.Files[path]);

    /// <summary>Writes decoded content below its name as peers write it.</summary>
    public static void Write(string folder, ArtifactRef artifact, byte[] decoded)
    {
        string file = Path.Combine(folder, artifact.Origin, ArtifactName.KindDirectory(artifact.Kind), artifact.Name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using FileStream destination = File.Create(file);
        using var encoder = new ArtifactEncoder(artifact.Kind, destination);
        encoder.Write(decoded);
        encoder.Finish();
    }

    /// <summary>Writes a document whose name follows from its content.</summary>
    public static ArtifactRef WriteHashed(string folder, string origin, ArtifactKind kind, byte[] decoded)
    {
        ArtifactRef artifact = ArtifactName.ByHash(origin, kind, Hash(decoded));
        Write(folder, artifact, decoded);
        return artifact;
    }

    public static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Logical name to hash of the decoded bytes, of the valid artifacts of one origin in a tree.</summary>
    public static SortedDictionary<string, string> Identities(RecordedTree tree, string origin)
    {
        var identities = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in tree.Files.Keys.Where(p => p.StartsWith(origin + "/", StringComparison.Ordinal)))
        {
            if (Parse(path) is not null)
            {
                identities[Logical(path)] = Hash(Decode(tree, path));
            }
        }

        return identities;
    }
}
