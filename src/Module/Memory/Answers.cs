using ArtifactSync.Archive;

namespace ArtifactSync.Memory;

/// <summary>What a pull that reached the head of the log sends back (memory spec 8.3): the only journal rows that a pull causes.</summary>
internal static class Answers
{
    /// <summary>
    /// Journals what applying left to be answered, and the sessions whose delete still waits because they are in use: they come back
    /// everywhere, with the rows that others hold deferred.
    /// </summary>
    /// <returns>How many rows were journalled.</returns>
    public static long Write(ChangeContext change)
    {
        var before = change.Journalled;
        foreach (var (entity, key) in AnswerTable.All(change.Db))
        {
            if (!IsSettled(change, entity, key))
            {
                change.Queue(entity, key);
            }

            AnswerTable.Remove(change.Db, entity, key);
        }

        foreach (var row in DeferredTable.All(change.Db).Where(static r => !r.IsDead && r.ReasonCode == ApplyReason.SessionInUse))
        {
            DeferredTable.Remove(change.Db, row.Id);
            change.Queue(Entity.Session, row.Mutation.EntityKey);
        }

        return change.Journalled - before;
    }

    // A later mutation of the same pull gave it a number, or an own change journalled it already.
    private static bool IsSettled(ChangeContext change, string entity, string key) =>
        entity is Entity.Observation or Entity.Relation && change.FindVersion(entity, key) is { Seq: null or > 0 };
}
