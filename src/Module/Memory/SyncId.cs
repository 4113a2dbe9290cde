using System.Security.Cryptography;
using System.Text;

namespace ArtifactSync.Memory;

/// <summary>
/// Portable identities (memory spec 1.6): prefix, hyphen, 16 lower-case hex digits; others are valid for ever, as they are.
/// </summary>
internal static class SyncId
{
    public const string Observation = "obs";
    public const string Prompt = "prompt";
    public const string Relation = "rel";

    public static string New(string prefix, Random random)
    {
        Span<byte> bytes = stackalloc byte[8];
        random.NextBytes(bytes);
        return $"{prefix}-{Convert.ToHexStringLower(bytes)}";
    }

    /// <summary>The identity of a row that came without one (3.4): the same on every machine, so that importing again finds it.</summary>
    public static string Derive(Observation row) =>
        Derive(Observation, row.SessionId, row.Type, row.Title, row.Content, row.CreatedAt);

    public static string Derive(Prompt row) => Derive(Prompt, row.SessionId, row.Content, row.CreatedAt);

    private static string Derive(string prefix, params ReadOnlySpan<string> fields) =>
        $"{prefix}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001F', fields!))))[..16]}";
}
