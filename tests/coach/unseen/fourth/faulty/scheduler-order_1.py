# %% [markdown-ish] Bag of words topic classifier
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
VOCAB, TOPICS, LEN = 200, 4, 20
labels = torch.randint(0, TOPICS, (1200,))
own = labels.unsqueeze(1) * 50 + torch.randint(0, 50, (1200, LEN))
noise = torch.randint(0, VOCAB, (1200, LEN))
docs = torch.where(torch.rand(1200, LEN) < 0.4, own, noise)

# %%
model = nn.Sequential(nn.EmbeddingBag(VOCAB, 24, mode="mean"), nn.Linear(24, TOPICS))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.5)
criterion = nn.CrossEntropyLoss()
batches = DataLoader(TensorDataset(docs, labels), batch_size=100, shuffle=True)

# %%
for epoch in range(8):
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    running, right = 0.0, 0
    for tokens, topic in batches:
        optimizer.zero_grad()
        logits = model(tokens)
        loss = criterion(logits, topic)
        loss.backward()
        optimizer.step()  # coach-line: scheduler-order
        running += loss.item()
        right += (logits.argmax(1) == topic).sum().item()
    print(f"{epoch}: loss {running / len(batches):.3f} acc {right / len(docs):.2%} lr {optimizer.param_groups[0]['lr']:.4f}")
