import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class TextModel(nn.Module):
    def __init__(self, vocab, dim, classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.EmbeddingBag(vocab, dim, mode="mean"), nn.Linear(dim, dim), nn.Tanh())
        self.head = nn.Linear(dim, classes)

    def forward(self, ids):
        return self.head(self.backbone(ids))


def corpus(n, n_topics):
    topic = torch.randint(0, n_topics, (n,))
    noise = torch.randint(0, 240, (n, 4))
    words = topic[:, None] * (240 // n_topics) + torch.randint(0, 240 // n_topics, (n, 8))
    return torch.cat([noise, words], 1), topic


def fit(model, params, data, lr, epochs, tag):
    opt = torch.optim.Adam(params, lr=lr)
    ce = nn.CrossEntropyLoss()
    loader = DataLoader(TensorDataset(*data), batch_size=40, shuffle=True)
    model.train()
    for epoch in range(epochs):
        acc = 0
        for ids, lab in loader:
            opt.zero_grad()
            logits = model(ids)
            loss = ce(logits, lab)
            loss.backward()
            opt.step()
            acc += (logits.argmax(1) == lab).sum().item()
        print(f"[{tag}] {epoch} loss {loss.item():.4f} acc {acc / len(data[1]):.3f}")


torch.manual_seed(15)
model = TextModel(240, 24, 6)
fit(model, model.parameters(), corpus(1200, 6), 5e-3, 5, "pretrain")

for p in model.backbone.parameters():
    p.requires_grad_(False)
model.head = nn.Linear(24, 3)
fit(model, model.head.parameters(), corpus(600, 3), 5e-3, 6, "finetune")
