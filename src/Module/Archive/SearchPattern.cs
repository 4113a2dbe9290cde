using System.Text;

namespace ArtifactSync.Archive;

/// <summary>Wildcards of a user (* and ?) as a LIKE pattern with escape character \: letter case of ASCII does not matter.</summary>
internal static class SearchPattern
{
    public static string ToLike(string pattern)
    {
        var like = new StringBuilder(pattern.Length + 8);
        foreach (var c in pattern)
        {
            _ = c switch
            {
                '*' => like.Append('%'),
                '?' => like.Append('_'),
                '%' or '_' or '\\' => like.Append('\\').Append(c),
                _ => like.Append(c),
            };
        }

        return like.ToString();
    }
}
