"""What the journeys read on the pages, in both languages: written out, so that a lost translation is noticed."""

from typing import Final

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "home": "How can we help?", "search": "group", "service": "Access to a shared group", "check": "Check answers", "error": "Error: ",
        "checked": "Check your answers", "expected": "Expected by", "manager asked": "The manager is asked",
        "owner asked": "The group's owner is asked", "send": "Send the request", "sent": "Sent. Your number is REQ",
        "waits manager": "Waiting for the manager", "waits owner": "Waiting for the group's owner", "approve": "Approve",
        "reject": "Reject", "nothing": "Nothing waits for you", "checking": "Checking that it works", "done": "Done",
        "approved mail": "Approved: Access to a shared group", "asked mail": "Your decision, please", "refused": "The manager said no",
        "not approved": "Not approved", "take": "Take it", "yours": "is yours now.", "save note": "Save the note", "close": "Close the task",
        "closed": "is closed.", "disable": "Disable the account", "disabled": "The account is disabled and signed out everywhere.",
        "sign in": "Sign in", "laptop": "A laptop", "progress": "Progress", "question": "Which group?", "wrong": "Answer this question.",
        "catalogue": "Catalogue", "good": "Every file is good", "plant": "A plant for the office",
    },
    "pt": {
        "home": "Como podemos ajudar?", "search": "grupo", "service": "Acesso a um grupo compartilhado", "check": "Conferir respostas",
        "error": "Erro: ", "checked": "Confira suas respostas", "expected": "Previsto para", "manager asked": "O gestor é consultado",
        "owner asked": "O responsável pelo grupo é consultado", "send": "Enviar o pedido", "sent": "Enviado. Seu número é REQ",
        "waits manager": "Esperando o gestor", "waits owner": "Esperando o responsável pelo grupo", "approve": "Aprovar",
        "reject": "Rejeitar", "nothing": "Nada espera por você", "checking": "Conferindo se funciona", "done": "Concluído",
        "approved mail": "Aprovado: Acesso a um grupo compartilhado", "asked mail": "Sua decisão, por favor", "refused": "O gestor disse não",
        "not approved": "Não aprovado", "take": "Assumir", "yours": "agora está com você.", "save note": "Salvar a nota", "close": "Encerrar a tarefa",
        "closed": "foi encerrada.", "disable": "Desativar a conta", "disabled": "A conta está desativada e saiu de todos os lugares.",
        "sign in": "Entrar", "laptop": "Um notebook", "progress": "Progresso", "question": "Qual grupo?", "wrong": "Responda a esta pergunta.",
        "catalogue": "Catálogo", "good": "Todos os arquivos estão bons", "plant": "Uma planta para o escritório",
    },
}  # fmt: skip
