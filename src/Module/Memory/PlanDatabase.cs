using ArtifactSync.Archive;
using Microsoft.Data.Sqlite;

namespace ArtifactSync.Memory;

/// <summary>
/// What <c>-WhatIf</c> merges into: the memory plane in memory, filled from the archive with each row that is about to be looked at. So
/// a plan is made by the code that does the work, and the archive is only read.
/// </summary>
internal sealed class PlanDatabase : IDisposable
{
    private readonly Database? _archive;
    private readonly HashSet<(string Entity, string Key)> _fetched = [];

    /// <param name="archive">A reader, or null when there is no archive yet.</param>
    public PlanDatabase(Database? archive)
    {
        _archive = archive;
        Db = Database.Open(":memory:", ":memory:", SqliteOpenMode.Memory);
        foreach (var migration in ArchiveMigrations.Embedded.Where(static m => m.Name.StartsWith("memory", StringComparison.Ordinal)))
        {
            Db.ExecuteScript(migration.Sql);
        }

        if (archive is not null)
        {
            foreach (var project in MemoryProjectTable.All(archive))
            {
                MemoryProjectTable.Enroll(Db, project.Project, project.EnrolledAt);
            }
        }
    }

    public Database Db { get; }

    /// <summary>Copies what the archive has of an entity, once.</summary>
    public void Fetch(string entity, string key)
    {
        if (_archive is null || !_fetched.Add((entity, key)))
        {
            return;
        }

        switch (entity)
        {
            case Entity.Session:
                FetchSession(key);
                break;
            case Entity.Observation:
                FetchVersion(entity, key);
                if (ObservationTable.Find(_archive, key) is { } observation)
                {
                    Fetch(Entity.Session, observation.SessionId);
                    ObservationTable.Insert(Db, observation);
                }

                break;
            case Entity.Prompt:
                FetchVersion(entity, key);
                FetchPrompt(key);
                break;
        }
    }

    /// <summary>Undoes the open transaction, and forgets what it fetched.</summary>
    public void Undo()
    {
        if (Db.InTransaction)
        {
            Db.Execute("ROLLBACK");
        }

        _fetched.RemoveWhere(f => f.Entity switch
        {
            Entity.Session => !MemorySessionTable.Exists(Db, f.Key),
            Entity.Observation => !ObservationTable.Exists(Db, f.Key),
            _ => !PromptTable.Exists(Db, f.Key),
        });
    }

    public void Dispose() => Db.Dispose();

    private void FetchSession(string id)
    {
        FetchVersion(Entity.Session, id);
        FetchVersion(VersionTable.SessionDeleted, id);
        foreach (var field in SessionRegisters.Fields)
        {
            FetchVersion(SessionRegisters.Entity(field), id);
        }

        if (MemorySessionTable.Find(_archive!, id) is { } session)
        {
            MemorySessionTable.Put(Db, session);
        }
    }

    private void FetchPrompt(string key)
    {
        if (PromptTable.FindTombstone(_archive!, key) is { } tombstone)
        {
            PromptTable.PutTombstone(Db, tombstone);
        }

        if (PromptTable.Find(_archive!, key) is { } prompt)
        {
            Fetch(Entity.Session, prompt.SessionId);
            PromptTable.Insert(Db, prompt);
        }
    }

    private void FetchVersion(string entity, string key)
    {
        if (VersionTable.Find(_archive!, entity, key) is { } version)
        {
            VersionTable.Put(Db, entity, key, version);
        }
    }
}
