using System.Text;

namespace ArtifactSync.Memory.Cloud;

/// <summary>Groups pending mutations into requests (memory spec 7.2 step 4). Pure.</summary>
internal static class PushBatch
{
    public const int MaxEntries = 100;

    /// <summary>Bytes that a server takes at most (6.2).</summary>
    public const int MaxBody = 8 << 20;

    /// <summary>Bytes of entries in one request: room is left for what surrounds them.</summary>
    public const int MaxEntryBytes = MaxBody - (256 << 10);

    /// <summary>Requests in the order of the first row of each project, rows of a project in their order.</summary>
    /// <param name="rows">By local seq; none alone is above <see cref="MaxEntryBytes"/>.</param>
    public static IEnumerable<IReadOnlyList<OutgoingMutation>> Split(IReadOnlyList<OutgoingMutation> rows)
    {
        foreach (var project in rows.GroupBy(row => row.Project, StringComparer.Ordinal))
        {
            var request = new List<OutgoingMutation>();
            long bytes = 0;
            foreach (var row in project)
            {
                var size = Size(row);
                if (request.Count == MaxEntries || (request.Count > 0 && bytes + size > MaxEntryBytes))
                {
                    yield return request;
                    (request, bytes) = ([], 0);
                }

                request.Add(row);
                bytes += size;
            }

            yield return request;
        }
    }

    /// <summary>Bytes of one entry in a body, at most: escapes are as the payload has them, texts around it may grow sixfold.</summary>
    public static long Size(OutgoingMutation row) =>
        Encoding.UTF8.GetByteCount(row.Payload) + (6L * (row.EntityKey.Length + row.Project.Length)) + 128;
}
