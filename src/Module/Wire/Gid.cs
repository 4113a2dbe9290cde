namespace ArtifactSync.Wire;

/// <summary>
/// Global session ids: <c>origin~native-id</c>. The origin never holds a tilde, a native id may, so the first one
/// separates them (spec 4).
/// </summary>
internal static class Gid
{
    public const char Separator = '~';

    /// <summary>The gid an author writes for a session of its archive (spec 9.3).</summary>
    public static string ForLocal(string ownOrigin, string localId) =>
        localId.IndexOf(Separator, StringComparison.Ordinal) > 0 ? localId : Join(ownOrigin, localId);

    /// <summary>The archive id that a gid names on this machine: own sessions bear their native id (spec 9.3).</summary>
    public static string ToLocal(string ownOrigin, string gid) =>
        HasOrigin(gid, ownOrigin) ? gid[(ownOrigin.Length + 1)..] : gid;

    /// <summary>A reference to another session inside an imported document (spec 7.4): empty and global ids stay.</summary>
    public static string Rewrite(string origin, string id) =>
        id.Length == 0 || id.Contains(Separator, StringComparison.Ordinal) ? id : Join(origin, id);

    /// <summary>Both parts of a gid; the origin is empty when there is no tilde.</summary>
    public static (string Origin, string Native) Split(string gid)
    {
        int at = gid.IndexOf(Separator, StringComparison.Ordinal);
        return at < 0 ? ("", gid) : (gid[..at], gid[(at + 1)..]);
    }

    public static string Join(string origin, string native) => $"{origin}{Separator}{native}";

    /// <summary>True when the gid begins with <c>origin~</c>.</summary>
    public static bool HasOrigin(string gid, string origin) =>
        gid.Length > origin.Length && gid[origin.Length] == Separator && gid.StartsWith(origin, StringComparison.Ordinal);
}
