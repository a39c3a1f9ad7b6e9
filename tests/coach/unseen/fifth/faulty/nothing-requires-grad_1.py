import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class SentimentModel(nn.Module):
    def __init__(self, vocab=300, dim=32, classes=5):
        super().__init__()
        self.backbone = nn.Sequential(nn.EmbeddingBag(vocab, dim, mode="mean"), nn.Linear(dim, dim), nn.ReLU())
        self.head = nn.Linear(dim, classes)

    def forward(self, ids):
        return self.head(self.backbone(ids))


def adapt(model, classes):
    model.head = nn.Linear(model.head.in_features, classes)
    for p in model.parameters():  # coach: nothing-requires-grad; fix: model.backbone.parameters()
        p.requires_grad = False  # coach-line: nothing-requires-grad
    return model


torch.manual_seed(12)
labels = torch.randint(0, 2, (400,))
ids = torch.randint(0, 150, (400, 10)) + 150 * labels[:, None]
loader = DataLoader(TensorDataset(ids, labels), batch_size=40, shuffle=True)
model = adapt(SentimentModel(), classes=2)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(4):
    for tokens, target in loader:
        optimizer.zero_grad()
        loss = criterion(model(tokens), target)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
