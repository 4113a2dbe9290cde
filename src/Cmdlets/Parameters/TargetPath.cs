using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>What a target text means: an address stays as it is, anything else is a folder.</summary>
internal static class TargetPath
{
    public static string Resolve(SessionState session, string target) => Uri.TryCreate(target, UriKind.Absolute, out var uri) switch
    {
        true when uri!.IsFile && target.StartsWith("file:", StringComparison.OrdinalIgnoreCase) => uri.LocalPath,
        _ when IsAddress(target) => target,
        _ => FileSystemPaths.Literal(session, target),
    };

    /// <summary><c>scheme://</c> with a scheme of two letters or more: one letter is a drive, no slashes is a PSDrive.</summary>
    private static bool IsAddress(string target)
    {
        var colon = target.IndexOf("://", StringComparison.Ordinal);
        return colon >= 2 && target.AsSpan(0, colon).IndexOfAnyExcept(SchemeCharacters) < 0;
    }

    private static readonly System.Buffers.SearchValues<char> SchemeCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
}
