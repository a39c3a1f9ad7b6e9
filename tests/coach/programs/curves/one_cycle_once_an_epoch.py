import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

EPOCHS = 5
loader = DataLoader(TensorDataset(torch.randn(64, 6), torch.randint(0, 3, (64,))), batch_size=8, shuffle=True)
model = nn.Linear(6, 3)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, epochs=EPOCHS, steps_per_epoch=len(loader))
for epoch in range(EPOCHS):
    for xb, yb in loader:
        loss = nn.functional.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    sched.step()  # coach: scheduler-order; fix: sched.step()
