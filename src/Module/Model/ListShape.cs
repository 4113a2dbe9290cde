namespace ArtifactSync.Model;

/// <summary>
/// Lists leave the engine as arrays: PowerShell indexes what it knows, and takes the read-only lists that the compiler makes
/// for a single object, so that <c>$session.Messages[0]</c> would be all messages.
/// </summary>
internal static class ListShape
{
    public static T[] AsArray<T>(this IReadOnlyList<T> list) => list as T[] ?? [.. list];
}
