using System.Management.Automation;
using ArtifactSync.Errors;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>What a target text means: an address stays as it is, anything else is a folder.</summary>
internal static class TargetPath
{
    /// <exception cref="ArtifactSyncException">InvalidTarget: the address holds a password, which prompts and logs would show.</exception>
    public static string Resolve(SessionState session, string target)
    {
        if (IsAddress(target) && target.AsSpan(target.IndexOf("://", StringComparison.Ordinal) + 3) is var rest && Authority(rest).Contains('@'))
        {
            var scheme = target[..target.IndexOf("://", StringComparison.Ordinal)];
            throw new ArtifactSyncException(
                ErrorCode.InvalidTarget, $"The address of the '{scheme}' target holds a user or password. Leave it out, and use -Token or -Credential.", scheme);
        }
        return Place(session, target);
    }

    private static ReadOnlySpan<char> Authority(ReadOnlySpan<char> rest) => rest.IndexOfAny('/', '?', '#') is >= 0 and var end ? rest[..end] : rest;

    private static string Place(SessionState session, string target) => Uri.TryCreate(target, UriKind.Absolute, out var uri) switch
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
