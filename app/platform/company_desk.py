"""What the demonstration company runs on, and what has broken there lately: data only, which demo_desk.py plays."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Thing:
    """A service or configuration item; `stands_on` names others by key (`runs_on` where it is a machine of its own)."""

    key: str
    name: str
    kind: str
    criticality: int
    owner: str
    team: str
    depends_on: tuple[str, ...] = ()
    runs_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What somebody did, hours after it was reported: `how` is a verb of demo_desk.py, `with_` what belongs to it."""

    after: float
    who: str
    how: str
    text: str = ""
    with_: str = ""


@dataclass(frozen=True)
class Story:
    """An incident: reported so many hours ago by somebody, and what became of it."""

    ago: float
    caller: str
    title: str
    description: str
    category: str = ""
    cis: tuple[str, ...] = ()
    urgency: int = 3
    impact: int = 3
    channel: str = "portal"
    fields: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    tags: tuple[str, ...] = ()
    parent: str = ""  # the title of the incident it is part of


THINGS: Final = (
    Thing("sp-datacentre", "São Paulo data centre", "location", 1, "noel", "network"),
    Thing("sp-core-switch", "Core switch, São Paulo", "network", 1, "noel", "network", runs_on=("sp-datacentre",)),
    Thing("campinas-link", "Line to the Campinas warehouse", "network", 2, "noel", "network", depends_on=("sp-core-switch",)),
    Thing("vpn-gateway", "VPN gateway", "network", 2, "ivan", "network", depends_on=("sp-core-switch",)),
    Thing("wifi", "Wi-Fi", "service", 2, "noel", "network", depends_on=("sp-core-switch",)),
    Thing("vm-host-1", "Virtual machines, host 1", "server", 1, "sofia", "applications", runs_on=("sp-datacentre",)),
    Thing("vm-host-2", "Virtual machines, host 2", "server", 1, "sofia", "applications", runs_on=("sp-datacentre",)),
    Thing("erp-db", "ERP database", "database", 1, "kenji", "applications", runs_on=("vm-host-1",)),
    Thing("erp-app", "ERP application", "application", 1, "sofia", "applications", ("erp-db",), ("vm-host-1",)),
    Thing("wms-app", "Warehouse application", "application", 2, "kenji", "applications", ("erp-app", "campinas-link"), ("vm-host-2",)),
    Thing("directory", "Directory", "application", 1, "otto", "identity", runs_on=("vm-host-2",)),
    Thing("mail-server", "Mail server", "server", 2, "sofia", "applications", ("directory",), ("vm-host-2",)),
    Thing("finance", "Finance (ERP)", "service", 1, "helena", "applications", ("erp-app", "directory")),
    Thing("warehouse", "Warehouse", "service", 1, "renata", "applications", ("wms-app",)),
    Thing("crm", "Customer relations", "service", 2, "marta", "applications", ("directory",)),
    Thing("mail", "Mail and calendar", "service", 2, "sofia", "applications", ("mail-server",)),
    Thing("remote-work", "Working from elsewhere", "service", 2, "noel", "network", ("vpn-gateway", "directory")),
    Thing("printing", "Printing", "service", 3, "yara", "workplace", ("sp-core-switch",)),
    Thing("printer-f2", "Printer, 2nd floor", "device", 4, "yara", "workplace"),
    Thing("payroll", "Payroll", "service", 1, "joana", "applications", ("erp-app",)),
)

VPN: Final = (("place", "home"),)
STORIES: Final = (
    Story(214, "beatriz", "Relatório fiscal sai com valores em branco", "O relatório de ICMS de outubro sai sem os valores da filial de Campinas.", "software", ("erp-app", "finance"), 2, 2, steps=(
        Step(0.4, "kenji", "take"), Step(0.6, "kenji", "reply", "Bom dia, Beatriz. Qual período você escolheu ao gerar o relatório?"),
        Step(0.7, "kenji", "hold", "Preciso do período usado para repetir o erro aqui.", "caller"), Step(3.1, "beatriz", "reply", "Outubro inteiro, de 01 a 31."),
        Step(26, "kenji", "resolve", "A view da filial tinha sido recriada sem permissão de leitura. Permissão devolvida; o relatório foi gerado de novo e conferido.", "solved"),
        Step(30, "beatriz", "close"))),
    Story(190, "grace", "CRM logs me out every few minutes", "Since this morning I am thrown out of the customer system while I type.", "", ("crm",), 2, 3, steps=(
        Step(0.2, "priya", "take"), Step(0.3, "priya", "reply", "Hello Grace, does it happen in another browser as well?"), Step(1, "grace", "reply", "Yes, in **both** Firefox and Edge."),
        Step(1.4, "priya", "hand_over", "Happens in two browsers, so it is not the device.", "applications"), Step(5, "kenji", "take"),
        Step(7, "kenji", "resolve", "The session time was set to 5 minutes by mistake with the last update. It is 8 hours again.", "solved"))),
    Story(170, "sergio", "Coletor não conecta no Wi-Fi do galpão 2", "Os coletores da doca 4 perdem a rede a cada poucos minutos.", "network/wifi", ("wifi", "warehouse"), 2, 2, "phone", steps=(
        Step(0.1, "ivan", "take"), Step(2, "ivan", "resolve", "Antena da doca 4 trocada; sinal medido em todo o galpão.", "solved"), Step(4, "sergio", "reopen", "Voltou a cair depois do almoço."),
        Step(4.5, "ivan", "note", "O controlador derruba o AP quando o canal muda. Ver firmware 8.10."), Step(28, "ivan", "resolve", "Firmware atualizado e canal fixado. Sem queda em 24 horas.", "solved"), Step(40, "sergio", "close"))),
    Story(150, "paulo", "Não consigo abrir anexo de proposta", "O arquivo diz que está corrompido.", "mail", ("mail",), 3, 3, steps=(
        Step(1, "mateus", "take"), Step(1.5, "mateus", "resolve", "O arquivo tinha chegado incompleto; o remetente enviou de novo.", "no_fault"))),
    Story(120, "hugo", "Folha não fecha: erro 5012", "Ao fechar a folha aparece *erro 5012* e nada acontece.", "software", ("payroll", "erp-app"), 1, 2, "phone", steps=(
        Step(0.1, "sofia", "take"), Step(0.2, "sofia", "reply", "Hugo, já estamos vendo. Por favor não tente fechar de novo."), Step(0.3, "sofia", "note", "Trava em `FOL_PERIODO`; sessão 418 presa desde as 7h."),
        Step(1.2, "sofia", "resolve", "Sessão presa encerrada. Fechamento repetido com sucesso.", "workaround"))),
    Story(96, "olivia", "Impressora do 2º andar com papel preso", "Prende papel toda vez na bandeja 2.", "hardware/printer", ("printer-f2", "printing"), 3, 3, fields=(("asset", "PAT-20417"),), steps=(
        Step(2, "simon", "take"), Step(2.2, "simon", "hold", "", "vendor"), Step(2.3, "simon", "note", "Part ordered from the supplier, promised for Friday."))),
    Story(80, "miguel", "Pasta de contratos sem permissão", "Desde ontem a pasta Contratos pede senha.", "access/group", (), 2, 3, steps=(
        Step(0.5, "nadia", "take"), Step(0.9, "nadia", "resolve", "Você tinha saído do grupo na troca de função; incluído de novo.", "solved"), Step(2, "miguel", "close"))),
    Story(75, "vitor", "VPN cai quando troco de rede", "Do celular para a rede de casa a VPN cai e não volta.", "network/vpn", ("vpn-gateway", "remote-work"), 3, 3, fields=VPN, steps=(
        Step(3, "ivan", "take"), Step(3.5, "ivan", "reply", "Vítor, qual é a versão do cliente? Fica em *Sobre*."), Step(3.5, "ivan", "hold", "Aguardo a versão do cliente para continuar.", "caller"))),
    Story(60, "carla", "Pedido de compra duplicado no ERP", "O pedido 88213 aparece duas vezes.", "software", ("erp-app", "finance"), 2, 3, steps=(Step(1, "kenji", "take"), Step(9, "kenji", "note", "Duplicado pela tela antiga; a nova tem chave. Preciso do aval da Sofia para apagar."))),
    Story(52, "cecilia", "Quero um segundo monitor", "Preciso de mais um monitor para os treinamentos.", "hardware", (), 3, 3, steps=(Step(1, "mateus", "cancel", "É um pedido, não um incidente: por favor peça pelo catálogo.", "not_an_incident"),)),
    Story(50, "lucas", "Boleto não imprime o código de barras", "O código sai cortado na margem.", "hardware/printer", ("printing",), 2, 3, steps=(Step(2, "simon", "take"), Step(5, "simon", "resolve", "Margem do modelo corrigida para 5 mm.", "solved"))),
    Story(47, "emma", "Forecast sheet shows #REF everywhere", "Opened this morning, all references to the ERP export are broken.", "software", ("finance",), 2, 3, steps=(
        Step(1, "priya", "take"), Step(1.2, "priya", "reply", "Hi Emma, which export do you use: *Daily* or *Month end*?"), Step(2.5, "emma", "reply", "Month end. The file is in our folder."))),
    Story(30, "daniel", "Rastreador da frota sem posição", "Três caminhões sem posição desde ontem à noite.", "software", ("wms-app", "warehouse"), 2, 2, "phone", steps=(
        Step(0.3, "kenji", "take"), Step(0.8, "kenji", "note", "A API do fornecedor responde 503."), Step(1, "kenji", "hold", "", "vendor"))),
    Story(27, "andre", "Senha expirada e não consigo trocar", "Aparece que a senha nova não atende à política.", "access/account", ("directory",), 2, 3, "phone", steps=(
        Step(0.1, "bo", "take"), Step(0.3, "bo", "resolve", "Password set together on the phone; the new one must differ from the last ten.", "solved"), Step(1, "andre", "close"))),
    Story(26, "leticia", "Sem sinal de Wi-Fi na sala Ipê", "Notebook não vê a rede na sala de reunião.", "network/wifi", ("wifi",), 3, 3),
    Story(24, "joana", "Folha de ponto não abre no celular", "A página fica em branco.", "software", ("payroll",), 3, 2, steps=(Step(2, "kenji", "take"),)),
    Story(22, "tiago", "Token do banco não é reconhecido", "O navegador não encontra o certificado.", "hardware", (), 1, 3, fields=(("asset", "PAT-19822"),), steps=(
        Step(0.4, "simon", "take"), Step(0.6, "simon", "reply", "Tiago, I will come to your desk at 14:00."), Step(1.1, "tiago", "reply", "Combinado, obrigado!"))),
    Story(9, "renata", "Sistema do armazém fora do ar", "Ninguém consegue dar baixa em Campinas. *Caminhões parados.*", "software", ("wms-app", "warehouse"), 1, 1, "phone", tags=("campinas",), steps=(
        Step(0.1, "noel", "take"), Step(0.2, "noel", "reply", "Renata, a linha com Campinas caiu. A operadora já foi chamada, protocolo 77-1204."), Step(0.3, "noel", "note", "Enlace reserva não subiu: BGP preso em *idle*."))),
    Story(8.6, "olivia", "Não consigo planejar cargas", "A tela de cargas não carrega.", "software", ("wms-app", "warehouse"), 1, 2, parent="Sistema do armazém fora do ar"),
    Story(8.2, "sergio", "Coletores sem sistema", "Todos os coletores mostram erro de conexão.", "software", ("wms-app", "warehouse"), 1, 2, "phone", parent="Sistema do armazém fora do ar"),
    Story(7, "isabel", "Agenda da diretoria sumiu", "Não vejo mais a agenda do Rui.", "mail", ("mail",), 2, 3, steps=(Step(1, "mateus", "take"), Step(1.1, "mateus", "reply", "Isabel, foi o Rui quem retirou o acesso, ou sumiu sozinho?"), Step(1.1, "mateus", "hold", "Aguardo sua resposta para continuar.", "caller"), Step(2.5, "isabel", "reply", "Sumiu sozinho. O Rui também estranhou."))),
    Story(6, "bruno", "Cliente duplicado no CRM", "Dois cadastros da Metalúrgica Sul.", "software", ("crm",), 3, 3),
    Story(5, "james", "Cannot join calls from the London office", "Video calls freeze after a minute. Colleagues here have the same.", "network", ("remote-work",), 2, 2),
    Story(4, "sandra", "Painel de vendas parou na sexta", "Os números não mudam desde sexta-feira.", "software", ("crm",), 2, 2, steps=(Step(0.5, "sofia", "take"), Step(0.8, "sofia", "note", "Carga noturna falhou: coluna nova no CRM."))),
    Story(3, "fabio", "Notebook novo não liga", "Ligo e a luz pisca três vezes.", "hardware", (), 2, 3, fields=(("asset", "PAT-21001"),)),
    Story(2.5, "ana", "VPN não conecta de casa", "Desde cedo aparece *tempo esgotado*. Já reiniciei o computador e o roteador.", "network/vpn", ("vpn-gateway", "remote-work"), 2, 3, fields=VPN, steps=(Step(0.5, "ivan", "take"), Step(0.6, "ivan", "reply", "Ana, bom dia! Você consegue abrir outros sites normalmente?"), Step(0.9, "ana", "reply", "Consigo, só a VPN não vai."))),
    Story(2, "zeca", "Não recebo os e-mails da lista de vendas", "Os colegas recebem, eu não.", "mail", ("mail",), 3, 3),
    Story(1.5, "alice", "Exportação do log de auditoria trava em 40%", "Três tentativas, sempre no mesmo ponto.", "software", ("finance",), 2, 3),
    Story(0.8, "igor", "Aprovação de pagamento sem botão", "O botão *Aprovar* não aparece no ERP.", "software", ("erp-app", "finance"), 1, 3, "phone"),
    Story(0.3, "marta", "Telefone sem linha", "Sem tom de discagem desde as 9h.", "", (), 3, 3),
)  # fmt: skip
