"""Sanity check: overfit one batch of random labels on purpose before the real training."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


def build():
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(8 * 4 * 4, 5))


def overfit_one_batch(steps=60):
    model = build()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    crit = nn.CrossEntropyLoss()
    xb, yb = torch.randn(16, 3, 8, 8), torch.randint(0, 5, (16,))
    for step in range(steps):
        opt.zero_grad()
        loss = crit(model(xb), yb)
        loss.backward()
        opt.step()
        if step % 20 == 0:
            print(f"step {step} loss {loss.item():.4f}")
    with torch.no_grad():
        acc = (model(xb).argmax(1) == yb).float().mean().item()
    return loss.item(), acc


final, acc = overfit_one_batch()
print(f"final loss {final:.4f}, accuracy on the batch {acc:.2f}")
assert acc == 1.0, "the model cannot memorise a single batch: there is a bug"
