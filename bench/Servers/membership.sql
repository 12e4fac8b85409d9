-- What Orleans' ADO.NET membership table asks for by name, each write one statement: the version is raised only if it
-- is still the expected one, and the row is written only if the version was raised. The second of two writers waits
-- for the first one's row lock, finds another version and writes nothing.
CREATE TABLE version (
    deployment varchar(150) PRIMARY KEY,
    raised timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 0);

CREATE TABLE member (
    deployment varchar(150) NOT NULL REFERENCES version (deployment),
    address varchar(45) NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    siloname varchar(150) NOT NULL,
    hostname varchar(150) NOT NULL,
    status integer NOT NULL,
    proxyport integer NULL,
    suspecttimes varchar(8000) NULL,
    starttime timestamptz(3) NOT NULL,
    iamalivetime timestamptz(3) NOT NULL,
    PRIMARY KEY (deployment, address, port, generation));

CREATE TABLE OrleansQuery (
    QueryKey varchar(64) PRIMARY KEY,
    QueryText varchar(8000) NOT NULL);

INSERT INTO OrleansQuery VALUES
('InsertMembershipVersionKey', '
    WITH made AS (INSERT INTO version (deployment) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::integer FROM made'),
('InsertMembershipKey', '
    WITH raised AS (
        UPDATE version SET version = version + 1, raised = now()
        WHERE deployment = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT 1 FROM member WHERE deployment = @DeploymentId AND address = @Address AND port = @Port
                AND generation = @Generation)
        RETURNING 1),
    written AS (
        INSERT INTO member (deployment, address, port, generation, siloname, hostname, status, proxyport, starttime,
            iamalivetime)
        SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime,
            @IAmAliveTime FROM raised
        RETURNING 1)
    SELECT count(*)::integer FROM written'),
('UpdateMembershipKey', '
    WITH raised AS (
        UPDATE version SET version = version + 1, raised = now()
        WHERE deployment = @DeploymentId AND version = @Version
        RETURNING 1),
    written AS (
        UPDATE member SET status = @Status, suspecttimes = @SuspectTimes, iamalivetime = @IAmAliveTime
        WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
            AND EXISTS (SELECT 1 FROM raised)
        RETURNING 1)
    SELECT count(*)::integer FROM written'),
('UpdateIAmAlivetimeKey', '
    UPDATE member SET iamalivetime = @IAmAliveTime
    WHERE deployment = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),
('MembershipReadRowKey', '
    SELECT v.deployment AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation,
        m.siloname AS SiloName, m.hostname AS HostName, m.status AS Status, m.proxyport AS ProxyPort,
        m.suspecttimes AS SuspectTimes, m.starttime AS StartTime, m.iamalivetime AS IAmAliveTime, v.version AS Version
    FROM version v LEFT JOIN member m ON m.deployment = v.deployment AND m.address = @Address AND m.port = @Port
        AND m.generation = @Generation
    WHERE v.deployment = @DeploymentId'),
('MembershipReadAllKey', '
    SELECT v.deployment AS DeploymentId, m.address AS Address, m.port AS Port, m.generation AS Generation,
        m.siloname AS SiloName, m.hostname AS HostName, m.status AS Status, m.proxyport AS ProxyPort,
        m.suspecttimes AS SuspectTimes, m.starttime AS StartTime, m.iamalivetime AS IAmAliveTime, v.version AS Version
    FROM version v LEFT JOIN member m ON m.deployment = v.deployment
    WHERE v.deployment = @DeploymentId'),
('DeleteMembershipTableEntriesKey', '
    DELETE FROM member WHERE deployment = @DeploymentId; DELETE FROM version WHERE deployment = @DeploymentId'),
('CleanupDefunctSiloEntriesKey', '
    DELETE FROM member WHERE deployment = @DeploymentId AND iamalivetime < @IAmAliveTime AND status <> 3'),
('GatewaysQueryKey', '
    SELECT address AS Address, proxyport AS ProxyPort, generation AS Generation FROM member
    WHERE deployment = @DeploymentId AND status = @Status AND proxyport > 0');
