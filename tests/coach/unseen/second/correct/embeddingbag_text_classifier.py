"""Bag-of-words classifier with EmbeddingBag and offsets (documents of unequal length)."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader

torch.manual_seed(0)
VOCAB, CLASSES = 60, 3


def make_document():
    label = int(torch.randint(0, CLASSES, ()))
    length = int(torch.randint(5, 12, ()))
    topic = torch.randint(label * 20, label * 20 + 20, (length,))
    noise = torch.randint(0, VOCAB, (length,))
    tokens = torch.where(torch.rand(length) < 0.6, topic, noise)
    return label, tokens


def collate(batch):
    labels = torch.tensor([b[0] for b in batch])
    lengths = torch.tensor([0] + [len(b[1]) for b in batch[:-1]])
    return labels, torch.cat([b[1] for b in batch]), lengths.cumsum(0)


documents = [make_document() for _ in range(240)]
train = DataLoader(documents[:192], batch_size=32, shuffle=True, collate_fn=collate)
test = DataLoader(documents[192:], batch_size=48, collate_fn=collate)


class TextClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCAB, 16, mode="mean")
        self.fc = nn.Linear(16, CLASSES)

    def forward(self, tokens, offsets):
        return self.fc(self.bag(tokens, offsets))


model = TextClassifier()
opt = torch.optim.Adam(model.parameters(), lr=3e-2)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(6):
    model.train()
    total = 0.0
    for labels, tokens, offsets in train:
        opt.zero_grad()
        loss = loss_fn(model(tokens, offsets), labels)
        loss.backward()
        opt.step()
        total += loss.item() / len(train)
    model.eval()
    with torch.no_grad():
        right = sum((model(t, o).argmax(1) == l).sum().item() for l, t, o in test)
    print(epoch, round(total, 4), "test accuracy", right / 48)
