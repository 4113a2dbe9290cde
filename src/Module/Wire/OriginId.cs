using System.Buffers;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>The stable id of a machine that publishes (spec 1): lower-case ASCII letters, digits and inner hyphens.</summary>
internal static class OriginId
{
    private const string Reserved = "local";
    private const string Fallback = "machine";
    private const int EntropyBytes = 3;
    // Origin ids become directory names; host names are at most 63 characters anyway.
    private const int MaxGeneratedName = 63;

    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static bool IsValid(string? id) =>
        !string.IsNullOrEmpty(id) && id[0] != '-' && id[^1] != '-' && !id.AsSpan().ContainsAnyExcept(Allowed) && id != Reserved;

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.InvalidOriginId"/>.</exception>
    public static void Require(string? id)
    {
        if (!IsValid(id))
        {
            throw new ArtifactSyncException(
                ErrorCode.InvalidOriginId,
                $"'{id}' is not a valid origin id. Use lower-case letters, digits and inner hyphens; 'local' is reserved.",
                id);
        }
    }

    /// <summary>A fresh id from a machine name and three random bytes (spec 1.2): <c>work-laptop-2-0f3a9c</c>.</summary>
    public static string Generate(string? source, ReadOnlySpan<byte> entropy)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(entropy.Length, EntropyBytes);
        string name = Sanitize(source);
        if (name.Length > MaxGeneratedName)
        {
            name = name[..MaxGeneratedName].TrimEnd('-');
        }

        return $"{(name.Length == 0 || name == Reserved ? Fallback : name)}-{Convert.ToHexStringLower(entropy)}";
    }

    /// <summary>
    /// True when one id is the other plus <c>-…</c>. Original clients fail in every HTTP and S3 exchange once they know
    /// such a pair (spec 1.1), so we neither generate, adopt nor relay one.
    /// </summary>
    public static bool IsPair(string a, string b) => Extends(a, b) || Extends(b, a);

    /// <summary>Lower-cases and replaces every run of other characters by one hyphen (spec 1.2, step 2).</summary>
    internal static string Sanitize(string? source)
    {
        var result = new System.Text.StringBuilder();
        foreach (char c in source ?? "")
        {
            char lower = Lower(c);
            if (lower != '-')
            {
                result.Append(lower);
            }
            else if (result.Length > 0 && result[^1] != '-')
            {
                result.Append('-');
            }
        }

        return result.ToString().TrimEnd('-');
    }

    private static bool Extends(string longer, string shorter) =>
        longer.Length > shorter.Length && longer[shorter.Length] == '-' && longer.StartsWith(shorter, StringComparison.Ordinal);

    // Two characters outside ASCII have an ASCII lower case: dotted capital I and the Kelvin sign.
    private static char Lower(char c) => c switch
    {
        (>= 'a' and <= 'z') or (>= '0' and <= '9') => c,
        >= 'A' and <= 'Z' => (char)(c | 0x20),
        '\u0130' => 'i',
        '\u212A' => 'k',
        _ => '-',
    };
}
