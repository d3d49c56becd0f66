"""The demonstration company, Companhia Aurora: who works there, who leads whom, which groups, teams and roles there are.

Data only. company_ldif.py makes directory entries of it, demo.py fills the desk with it.
"""

from dataclasses import dataclass
from typing import Final

NAME: Final = "Companhia Aurora"
BASE: Final = "dc=aurora,dc=example"
MAIL_DOMAIN: Final = "aurora.example"


@dataclass(frozen=True)
class Colleague:
    """Somebody of the company; `manager` is a login, `language` what the directory says (preferredLanguage)."""

    login: str
    name: str
    title: str
    department: str
    manager: str = ""
    language: str = "pt-BR"
    has_left: bool = False

    @property
    def given_name(self) -> str:
        """The first name."""
        return self.name.split()[0]

    @property
    def family_name(self) -> str:
        """All but the first name."""
        return self.name.partition(" ")[2]


@dataclass(frozen=True)
class Group:
    """A group of the directory; members are logins, or names of other groups."""

    name: str
    description: str
    owner: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Team:
    """A team of the desk with its lead (the first of its members)."""

    key: str
    name: str
    name_pt: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """Whom a visitor may be: what the person plays, and the roles that come with it."""

    login: str
    plays: str
    roles: tuple[str, ...] = ()


FINANCE, SALES, HR, IT, OPERATIONS, LEGAL = "Finance", "Sales", "Human Resources", "IT", "Operations", "Legal"

PEOPLE: Final = (
    Colleague("rui", "Rui Prado", "Chief Executive Officer", "Management"),
    Colleague("helena", "Helena Souza", "Head of Finance", FINANCE, "rui"),
    Colleague("igor", "Igor Nunes", "Controller", FINANCE, "helena"),
    Colleague("ana", "Ana Lima", "Accounts Payable Specialist", FINANCE, "helena"),
    Colleague("tiago", "Tiago Barbosa", "Treasury Analyst", FINANCE, "helena"),
    Colleague("beatriz", "Beatriz Cardoso", "Tax Specialist", FINANCE, "igor"),
    Colleague("lucas", "Lucas Moura", "Accounts Receivable Clerk", FINANCE, "igor"),
    Colleague("emma", "Emma Whitfield", "Financial Planning Analyst", FINANCE, "igor", "en"),
    Colleague("gil", "Gil Teixeira", "Payroll Clerk", FINANCE, "igor", has_left=True),
    Colleague("marta", "Marta Figueiredo", "Head of Sales", SALES, "rui"),
    Colleague("paulo", "Paulo Vasconcelos", "Key Account Executive", SALES, "marta"),
    Colleague("james", "James Okafor", "International Sales Lead", SALES, "marta", "en"),
    Colleague("leticia", "Letícia Azevedo", "Account Executive", SALES, "paulo"),
    Colleague("bruno", "Bruno Farias", "Account Executive", SALES, "paulo"),
    Colleague("sandra", "Sandra Queiroz", "Sales Operations Analyst", SALES, "marta"),
    Colleague("grace", "Grace Holloway", "Account Executive", SALES, "james", "en"),
    Colleague("vitor", "Vítor Leal", "Inside Sales Representative", SALES, "james"),
    Colleague("zeca", "Zeca Dias", "Sales Trainee", SALES, "paulo"),
    Colleague("joana", "Joana Pacheco", "Head of Human Resources", HR, "rui"),
    Colleague("fabio", "Fábio Rezende", "Recruiter", HR, "joana"),
    Colleague("cecilia", "Cecília Amaral", "Learning and Development Specialist", HR, "joana"),
    Colleague("hugo", "Hugo Sampaio", "Compensation Analyst", HR, "joana"),
    Colleague("davi", "Davi Rocha", "Chief Information Officer", IT, "rui"),
    Colleague("lena", "Lena Duarte", "Service Desk Lead", IT, "davi"),
    Colleague("bo", "Bo Andersen", "Service Desk Analyst", IT, "lena", "en"),
    Colleague("mateus", "Mateus Pires", "Service Desk Analyst", IT, "lena"),
    Colleague("priya", "Priya Raman", "Service Desk Analyst", IT, "lena", "en"),
    Colleague("caro", "Caro Mendes", "Problem Manager", IT, "davi"),
    Colleague("eva", "Eva Castro", "Platform Administrator", IT, "davi"),
    Colleague("otto", "Otto Brandão", "Identity and Access Lead", IT, "davi"),
    Colleague("nadia", "Nádia Furtado", "Identity Engineer", IT, "otto"),
    Colleague("yara", "Yara Campos", "Workplace Lead", IT, "davi"),
    Colleague("simon", "Simon Clarke", "Workplace Technician", IT, "yara", "en"),
    Colleague("noel", "Noel Guerra", "Network Lead", IT, "davi"),
    Colleague("ivan", "Ivan Salgado", "Network Engineer", IT, "noel"),
    Colleague("sofia", "Sofia Monteiro", "Applications Lead", IT, "davi"),
    Colleague("kenji", "Kenji Watanabe", "Application Engineer", IT, "sofia", "en"),
    Colleague("clara", "Clara Bastos", "Change Manager", IT, "davi"),
    Colleague("marcos", "Marcos Tavares", "Major Incident Manager", IT, "davi"),
    Colleague("renata", "Renata Coutinho", "Head of Operations", OPERATIONS, "rui"),
    Colleague("sergio", "Sérgio Macedo", "Warehouse Supervisor", OPERATIONS, "renata"),
    Colleague("olivia", "Olívia Freitas", "Logistics Planner", OPERATIONS, "renata"),
    Colleague("daniel", "Daniel Braga", "Fleet Coordinator", OPERATIONS, "sergio"),
    Colleague("carla", "Carla Siqueira", "Purchasing Specialist", OPERATIONS, "renata"),
    Colleague("andre", "André Lacerda", "Quality Technician", OPERATIONS, "sergio"),
    Colleague("isabel", "Isabel Fontes", "General Counsel", LEGAL, "rui"),
    Colleague("miguel", "Miguel Arruda", "Contracts Lawyer", LEGAL, "isabel"),
    Colleague("alice", "Alice Magalhães", "Internal Auditor", LEGAL, "isabel"),
)

_FINANCE_PEOPLE = ("helena", "igor", "tiago", "beatriz", "lucas", "emma")

GROUPS: Final = (
    Group("finance-ro", "Finance folder: reading", "igor", _FINANCE_PEOPLE),
    Group("finance-rw", "Finance folder: reading and writing", "igor", ("helena", "igor", "beatriz")),
    Group("payroll", "Payroll data", "joana", ("joana", "hugo")),
    Group("sales-all", "Everybody in sales", "marta", ("marta", "sandra", "sales-brazil", "sales-world")),
    Group("sales-brazil", "Sales in Brazil", "paulo", ("paulo", "leticia", "bruno", "zeca")),
    Group("sales-world", "Sales abroad", "james", ("james", "grace", "vitor")),
    Group("crm-users", "Customer system: users", "marta", ("sales-all",)),
    Group("crm-admins", "Customer system: administration", "sofia", ("sandra", "kenji")),
    Group("vpn-users", "Work from elsewhere", "noel", ("rui", "davi", "marta", "james", "noel", "ivan", "eva")),
    Group("wiki-editors", "Wiki: writing", "cecilia", ("cecilia", "joana", "lena", "sofia")),
    Group("hr-records", "Personnel files", "joana", ("joana", "fabio", "cecilia", "hugo")),
    Group("legal-contracts", "Contracts", "isabel", ("isabel", "miguel")),
    Group("warehouse-system", "Warehouse system: users", "renata", ("renata", "sergio", "olivia", "daniel", "andre")),
    Group("purchasing", "Orders to suppliers", "renata", ("carla", "renata")),
    Group("project-plaza", "Project Plaza: shared folder", "clara", ("clara", "sofia", "helena")),
)

TEAMS: Final = (
    Team("service-desk", "Service desk", "Central de serviços", ("lena", "bo", "mateus", "priya", "caro")),
    Team("identity", "Identity and access", "Identidade e acessos", ("otto", "nadia", "bo")),
    Team("workplace", "Workplace", "Posto de trabalho", ("yara", "simon")),
    Team("network", "Network", "Redes", ("noel", "ivan")),
    Team("applications", "Applications", "Aplicações", ("sofia", "kenji")),
)

CAST: Final = (
    Part("ana", "employee in Finance: orders and follows"),
    Part("helena", "Ana's manager: approves"),
    Part("igor", "owner of the finance groups: approves"),
    Part("bo", "analyst of the service desk and of identity", ("analyst",)),
    Part("caro", "problem manager", ("analyst", "problem_manager")),
    Part("davi", "member of the change board", ("board_member",)),
    Part("eva", "administrator", ("administrator",)),
    Part("lena", "team lead of the service desk", ("analyst", "team_lead")),
    Part("sofia", "catalogue author, team lead of applications", ("analyst", "team_lead", "catalog_author")),
    Part("marcos", "major incident manager", ("analyst", "major_incident_manager")),
    Part("clara", "change manager, member of the change board", ("analyst", "change_manager", "board_member")),
    Part("noel", "implementer of changes, team lead of the network", ("analyst", "team_lead", "implementer")),
    Part("alice", "auditor: sees everything, changes nothing", ("auditor",)),
)

# Who works at the desk, and whom the table of visitors need not name.
MORE_ROLES: Final = {
    "mateus": ("analyst",), "priya": ("analyst",), "nadia": ("analyst", "implementer"), "simon": ("analyst",),
    "ivan": ("analyst", "implementer"), "kenji": ("analyst", "implementer"), "otto": ("analyst", "team_lead"),
    "yara": ("analyst", "team_lead"), "renata": ("board_member",),
}
