// The user `clerk` may read and write the database `clerk`, and nothing else. The container runs this once, before it
// first serves. You can run it again: it then sets the password anew.
const user = { pwd: process.env.CLERK_MONGO_PASSWORD, roles: [{ role: "readWrite", db: "clerk" }] };
const clerk = db.getSiblingDB("clerk");
if (clerk.getUser("clerk")) clerk.updateUser("clerk", user);
else clerk.createUser({ user: "clerk", ...user });
